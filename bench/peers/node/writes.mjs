// The mutation of the node peers: spend the quota and log it, save the post, in one transaction of prepared statements.
import { randomUUID } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { pool } from './data.mjs';

const SPEND = `WITH spent AS (
    UPDATE "UsageQuota" SET used = used + 1, "updatedAt" = now()
    WHERE "userId" = $1 AND type = 'post_generation' AND "billingCycleStart" <= now() AND now() < "billingCycleEnd" AND used < "limit"
      AND EXISTS (SELECT FROM "Subscription" s JOIN "User" u ON u.id = s."userId" WHERE s."userId" = $1 AND s.status = 'active'
                  AND s."renewalDate" + interval '7 days' > now() AND NOT u."isDeleted")
    RETURNING id, used, "limit"
  ), logged AS (
    INSERT INTO "UsageLog" (id, type, description, "userId", "quotaId", "subjectId")
    SELECT uuidv7(), 'post_generation', 'recordPosts', $1, id, $2::uuid FROM spent
  ) SELECT used, "limit" FROM spent`;
const INSERT = `INSERT INTO "Post" (id, title, content, source, "userId") VALUES ($1, $2, $3, 'generate', $4)
  RETURNING id, title, content, published, source, metadata, "createdAt", "userId"`;

export async function recordPost(_, { userId, title, content }) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const id = randomUUID();
    const { rows: [quota] } = await client.query({ name: 'spend', text: SPEND, values: [userId, id] });
    if (!quota) throw new GraphQLError('no quota is left', { extensions: { code: 'QUOTA_EXHAUSTED' } });
    const { rows: [post] } = await client.query({ name: 'insertPost', text: INSERT, values: [id, title, content, userId] });
    await client.query('COMMIT');
    return { post, quota };
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
