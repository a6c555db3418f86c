-- ARGS: nonce, created_at, grace_s, finished shards (comma-separated), then the hash's fields and values.
-- Answers 1 if created.
if redis.call('EXISTS', RECORD) == 1 then
  return get('nonce') == ARGS[1] and 1 or 0
end
redis.call('HSET', RECORD, 'nonce', ARGS[1], unpack(ARGS, 5))
for shard in string.gmatch(ARGS[4], '%d+') do redis.call('SETBIT', DONE, shard, 1) end
local state = get('state')
local over = state == 'completed' or state == 'failed' or get('summarized') == '1'
if not over then
  redis.call('ZADD', ACTIVE, ARGS[2], ID)
  if get('planned') ~= '1' and state ~= 'canceled' then lease('plan', tonumber(ARGS[3])) end
  if state == 'canceled' then lease('finalize', tonumber(ARGS[3])) end
  finalize_if_complete(tonumber(ARGS[3]))
end
redis.call('PUBLISH', CHANNEL, ID)
return 1
