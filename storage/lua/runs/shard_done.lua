-- ARGS: shard, token, grace_s, cpu_s, succeeded, skipped, failed, then code and count of each failure.
-- Counts a shard once. Answers "more", "finalize", "again" or "lost".
local step = ARGS[1]
local state = get('state')
if state ~= 'planning' and state ~= 'running' and state ~= 'canceled' then return 'lost' end
if state == 'canceled' and get('summarized') == '1' then return 'lost' end
if is_done(step) then return 'again' end
local holder = about(step, 'holder')
if holder and holder ~= ARGS[2] then return 'lost' end
local reported = tonumber(about(step, 'items') or 0)
forget(step)
redis.call('SETBIT', DONE, step, 1)
local ended = 0
for i, field in ipairs({'succeeded', 'skipped', 'failed'}) do
  local count = tonumber(ARGS[4 + i])
  ended = ended + count
  if count > 0 then redis.call('HINCRBY', RECORD, field, count) end
end
for i = 8, #ARGS, 2 do redis.call('HINCRBY', RECORD, 'code:' .. ARGS[i], ARGS[i + 1]) end
redis.call('HINCRBYFLOAT', RECORD, 'cpu_s', ARGS[4])
redis.call('HINCRBY', RECORD, 'shards_done', 1)
advance(ended - reported)
local next_step = finalize_if_complete(tonumber(ARGS[3]))
changed()
return next_step
