-- ARGS: grace_s, limit. Takes the steps with an expired lease, counts a crash where they had a holder, and
-- answers them; they get `grace_s` to be claimed.
local late = redis.call('ZRANGEBYSCORE', LEASES, '-inf', text(NOW), 'LIMIT', 0, ARGS[2])
local found = {}
for _, step in ipairs(late) do
  if about(step, 'holder') then crash(step) end
  if open(step) then
    lease(step, tonumber(ARGS[1]))
    found[#found + 1] = step
  else
    forget(step)
  end
end
local next_step = finalize_if_complete(tonumber(ARGS[1]))
if next_step == 'finalize' then found[#found + 1] = 'finalize' end
return found
