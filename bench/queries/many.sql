SELECT json_build_object('data', json_build_object('users', (
  SELECT json_agg(json_build_object('id', u.id, 'posts', po.j) ORDER BY u."createdAt" DESC, u.id DESC)
  FROM (SELECT id, "createdAt" FROM "User" WHERE NOT "isDeleted" ORDER BY "createdAt" DESC, id DESC LIMIT $1) u
  CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('id', p.id, 'title', p.title, 'content', p.content, 'published', p.published, 'createdAt', p."createdAt") ORDER BY p."createdAt" DESC, p.id DESC), '[]') AS j
    FROM (SELECT id, title, content, published, "createdAt" FROM "Post" WHERE "userId" = u.id AND NOT "isDeleted" ORDER BY "createdAt" DESC, id DESC LIMIT $2) p
  ) po)))::text
