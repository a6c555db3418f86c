-- ARGS: token, shards_total, items, depth range, grace_s, what was left out, then code and count of the failures
-- that run again.
-- Answers "more" or "finalize", or "lost" if the caller does not plan.
if about('plan', 'holder') ~= ARGS[1] or not open('plan') then return 'lost' end
forget('plan')
redis.call('HSET', RECORD, 'shards_total', ARGS[2], 'total', ARGS[3], 'planned', 1, 'gate', 1, 'state', 'running')
if ARGS[4] ~= '' then redis.call('HSET', RECORD, 'depth_range', ARGS[4]) end
if ARGS[6] ~= '' then redis.call('HSET', RECORD, 'left_out', ARGS[6]) end
for i = 7, #ARGS, 2 do
  redis.call('HINCRBY', RECORD, 'failed', -ARGS[i + 1])
  redis.call('HINCRBY', RECORD, 'code:' .. ARGS[i], -ARGS[i + 1])
end
local next_step = finalize_if_complete(tonumber(ARGS[5]))
changed()
return next_step
