WITH spent AS (
  UPDATE "UsageQuota" SET used = used + 1, "updatedAt" = now()
  WHERE "userId" = $1 AND type = 'post_generation' AND "billingCycleStart" <= now() AND now() < "billingCycleEnd" AND used < "limit"
    AND EXISTS (SELECT FROM "Subscription" s JOIN "User" u ON u.id = s."userId" WHERE s."userId" = $1 AND s.status = 'active'
                AND s."renewalDate" + interval '7 days' > now() AND NOT u."isDeleted")
  RETURNING id, used, "limit"
), post AS (
  INSERT INTO "Post" (id, title, content, source, "userId") SELECT uuidv7(), $2, $3, 'generate', $1 FROM spent
  RETURNING id, title, content, "createdAt"
), logged AS (
  INSERT INTO "UsageLog" (id, type, description, "userId", "quotaId", "subjectId")
  SELECT uuidv7(), 'post_generation', 'recordPosts', $1, spent.id, post.id FROM spent, post
)
SELECT json_build_object('data', json_build_object('recordPost', json_build_object(
  'post', json_build_object('id', post.id, 'title', post.title, 'content', post.content, 'createdAt', post."createdAt"),
  'quota', json_build_object('used', spent.used, 'limit', spent."limit"))))::text
FROM spent, post
