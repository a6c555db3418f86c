-- ARGS: kind, lane, greatest age or least overdue (s), limit. Answers ids of an index, oldest first.
local name, age, limit = index(ARGS[1], ARGS[2]), tonumber(ARGS[3]), tonumber(ARGS[4])
return redis.call('ZRANGEBYSCORE', name, '-inf', text(NOW - age), 'LIMIT', 0, limit)
