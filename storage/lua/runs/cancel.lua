-- ARGS: grace_s. Stops dispatch at once; shards in progress end at their next renewal. Answers the state
-- afterwards, and 1 if the finalizer may be sent now.
local state = get('state')
if not state then return {} end
if state == 'completed' or state == 'failed' or state == 'canceled' then return {state, 0} end
redis.call('HSET', RECORD, 'state', 'canceled', 'finished_at', text(NOW), 'summarized', 0)
for _, step in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
  if step == 'plan' or step == 'finalize' or not about(step, 'holder') then forget(step) end
end
local next_step = finalize_if_complete(tonumber(ARGS[1]))
changed()
return {'canceled', next_step == 'finalize' and 1 or 0}
