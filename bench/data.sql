-- Production-like rows: about 600 a user, the same ids on every run (md5 of a counter), nothing random.
-- psql variables: `users`, and `whole`, how many of them have all their rows (the others a quarter of the threads).
-- Triggers and foreign keys are off while it loads, for time; `zorbit doctor` looks at the result.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET timezone = 'UTC';

INSERT INTO "User"(id, email, name, "createdAt")
SELECT md5('u' || u)::uuid, 'user' || u || '@example.com', 'User ' || u, timestamptz '2026-01-01' + u * interval '1 minute'
FROM generate_series(1, :users) u;

INSERT INTO "User"(id, email, name, role, "createdAt")
VALUES (md5('admin')::uuid, 'admin@example.com', 'Admin', 'admin', timestamptz '2025-12-31');

INSERT INTO "Plan"(id, name, price, "postGenerationLimit", "ideaGenerationLimit", "commentGenerationLimit", "postSchedulingLimit",
                   "personaLimit", "imageCreationLimit", features)
SELECT md5('pl' || p)::uuid, 'Plan ' || p, p * 10 - 0.01, 100 * p, 50 * p, 20 * p, 30 * p, 10 * p, 25 * p, '["a", "b"]'
FROM generate_series(1, 3) p;

INSERT INTO "Subscription"(id, status, "startDate", "renewalDate", "userId", "planId")
SELECT md5('s' || u)::uuid, 'active', date_trunc('month', now()), date_trunc('month', now()) + interval '1 month',
       md5('u' || u)::uuid, md5('pl' || (u % 3 + 1))::uuid
FROM generate_series(1, :users) u;

INSERT INTO "Persona"(id, name, description, "defaultPrompt", "targetAudience", profession, preferences, "userId", "createdAt")
SELECT md5('pe' || u || '.' || k)::uuid, 'Persona ' || k, 'Expert in cloud computing', 'Write as a tech expert',
       'Software engineers', 'Cloud Architect', '{"tone": "professional"}', md5('u' || u)::uuid,
       timestamptz '2026-02-01' + (u * 3 + k) * interval '1 minute'
FROM generate_series(1, :users) u, generate_series(1, 3) k;

INSERT INTO "Template"(id, name, content, "userId")
SELECT md5('te' || u || '.' || k)::uuid, 'Template ' || k, repeat('Template content. ', 10), md5('u' || u)::uuid
FROM generate_series(1, :users) u, generate_series(1, 3) k;

CREATE TEMPORARY TABLE thread AS
SELECT u, k FROM generate_series(1, :users) u, generate_series(1, CASE WHEN u <= :whole THEN 12 ELSE 3 END) k;

INSERT INTO "Thread"(id, title, type, "userId", "createdAt", "isDeleted", "deletedAt")
SELECT md5('t' || u || '.' || k)::uuid, 'Thread ' || k, CASE k % 2 WHEN 0 THEN 'post' ELSE 'idea' END, md5('u' || u)::uuid,
       timestamptz '2026-03-01' + (u * 10 + k) * interval '1 minute', k = 10, CASE WHEN k = 10 THEN now() END
FROM thread;

INSERT INTO "ChatMessage"(id, content, "generationTime", "userId", "threadId", "createdAt", "isDeleted", "deletedAt")
SELECT md5('m' || u || '.' || k || '.' || m)::uuid,
       'Generate a post about AI and topic ' || m || repeat(' lorem ipsum dolor', 5), 2.5, md5('u' || u)::uuid,
       md5('t' || u || '.' || k)::uuid, timestamptz '2026-04-01' + (u * 120 + k * 12 + m) * interval '1 second',
       m = 5, CASE WHEN m = 5 THEN now() END
FROM thread, generate_series(1, 10) m;

INSERT INTO "ContentIdea"(id, title, content, "keyTakeaways", "controversialAngle", "isSaved", "userId", "chatMessageId", "createdAt")
SELECT md5('i' || u || '.' || k || '.' || m || '.' || i)::uuid, 'The Future of AI ' || i,
       repeat('Full content idea text. ', 8), ARRAY['AI is transformative', 'Ethics matter'], 'AI will replace jobs', i % 2 = 0,
       md5('u' || u)::uuid, md5('m' || u || '.' || k || '.' || m)::uuid,
       timestamptz '2026-05-01' + (u * 240 + k * 24 + m * 2 + i) * interval '1 second'
FROM thread, generate_series(1, 10) m, generate_series(1, 2) i;

INSERT INTO "Post"(id, title, content, published, "scheduledOn", type, source, metadata, "userId", "templateId", "chatMessageId",
                   "personaId", "createdAt", "isDeleted", "deletedAt")
SELECT md5('p' || u || '.' || k || '.' || m)::uuid, 'My LinkedIn Post ' || m, repeat('This is the post content. ', 20),
       m % 2 = 0 OR m = 7, CASE WHEN m = 7 THEN now() + interval '60 days' END, 'post', 'generate', '{"persona": "tech-expert"}',
       md5('u' || u)::uuid, md5('te' || u || '.' || (m % 3 + 1))::uuid, md5('m' || u || '.' || k || '.' || m)::uuid,
       md5('pe' || u || '.' || (m % 3 + 1))::uuid, timestamptz '2026-06-01' + (u * 120 + k * 12 + m) * interval '1 second',
       m = 9, CASE WHEN m = 9 THEN now() END
FROM thread, generate_series(1, 10) m;

-- Limits are high enough for whatever a run writes.
INSERT INTO "UsageQuota"(id, type, used, "limit", "resetDate", "billingCycleStart", "billingCycleEnd", "userId")
SELECT md5('q' || u || t)::uuid, t,
       CASE t WHEN 'post_generation' THEN 50 WHEN 'persona' THEN 3
              WHEN 'post_scheduling' THEN (SELECT count(*) FROM thread WHERE thread.u = owner.u) ELSE 0 END,
       1000000, date_trunc('month', now()) + interval '1 month', date_trunc('month', now()),
       date_trunc('month', now()) + interval '1 month', md5('u' || u)::uuid
FROM (SELECT generate_series(1, :users) AS u) owner,
     unnest(ARRAY['post_generation', 'idea_generation', 'comment_generation', 'post_scheduling', 'persona', 'image_creation']) t;

INSERT INTO "UsageLog"(id, type, description, metadata, "userId", "quotaId", "createdAt")
SELECT md5('l' || u || '.' || k)::uuid, 'post_generation', 'Generated LinkedIn post', '{"persona": "tech"}',
       md5('u' || u)::uuid::text, md5('q' || u || 'post_generation')::uuid,
       timestamptz '2026-07-01' + (u * 50 + k) * interval '1 second'
FROM generate_series(1, :users) u, generate_series(1, 50) k;

INSERT INTO "UsageLog"(id, type, description, "userId", "quotaId", "subjectId", "createdAt")
SELECT md5('ls' || u || '.' || k)::uuid, 'post_scheduling', 'schedulePost', md5('u' || u)::uuid::text,
       md5('q' || u || 'post_scheduling')::uuid, md5('p' || u || '.' || k || '.7')::uuid,
       timestamptz '2026-07-01' + (u * 50 + k) * interval '1 second'
FROM thread;

INSERT INTO "UsageLog"(id, type, description, amount, "userId", "quotaId")
SELECT md5('lp' || u)::uuid, 'persona', 'carried over', 3, md5('u' || u)::uuid::text, md5('q' || u || 'persona')::uuid
FROM generate_series(1, :users) u;

INSERT INTO "PaymentMethod"(id, type, "cardBrand", "lastFour", "expiryMonth", "expiryYear", "isDefault", "userId")
SELECT md5('pm' || u)::uuid, 'credit_card', 'visa', '4242', 12, 2028, true, md5('u' || u)::uuid
FROM generate_series(1, :users) u;

INSERT INTO "Invoice"(id, "invoiceNumber", amount, status, "billingDate", "dueDate", "paidDate", "userId", "paymentMethodId", "createdAt")
SELECT md5('in' || u || '.' || k)::uuid, 'INV-2026-' || u || '-' || k, 29.98, 'paid',
       timestamptz '2026-01-15' + k * interval '1 month', timestamptz '2026-01-30' + k * interval '1 month',
       timestamptz '2026-01-16' + k * interval '1 month', md5('u' || u)::uuid, md5('pm' || u)::uuid,
       timestamptz '2026-01-15' + (u * 12 + k) * interval '1 minute'
FROM generate_series(1, :users) u, generate_series(1, 12) k;

INSERT INTO "InvoiceItem"(id, description, quantity, "unitPrice", amount, "invoiceId")
SELECT md5('ii' || u || '.' || k || '.' || i)::uuid, 'Pro Plan - Monthly', 1, 14.99, 14.99, md5('in' || u || '.' || k)::uuid
FROM generate_series(1, :users) u, generate_series(1, 12) k, generate_series(1, 2) i;

INSERT INTO "Comment"(id, "firstName", "lastName", title, quote, "userId", "personaId", "createdAt")
SELECT md5('c' || u || '.' || k)::uuid, 'Jane', 'Smith', 'Senior Engineer', 'Great insights on AI!', md5('u' || u)::uuid,
       md5('pe' || u || '.1')::uuid, timestamptz '2026-08-01' + (u * 10 + k) * interval '1 second'
FROM generate_series(1, :users) u, generate_series(1, 10) k;

VACUUM (ANALYZE);
