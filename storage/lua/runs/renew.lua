-- ARGS: lease_s, then step, token and items ended so far of each. Answers the state of the dataset and
-- the steps that the caller should stop: lost to another worker, or canceled.
local state = get('state')
local lost = {state or 'unknown'}
local moved = 0
for i = 2, #ARGS, 3 do
  local step, token, items = ARGS[i], ARGS[i + 1], tonumber(ARGS[i + 2])
  if about(step, 'holder') == token then
    lease(step, tonumber(ARGS[1]))
    local more = items - tonumber(about(step, 'items') or 0)
    if more > 0 then
      moved = moved + more
      redis.call('HSET', STEPS, step .. ':items', items)
    end
  end
  if about(step, 'holder') ~= token or (state == 'canceled' and step ~= 'finalize') then
    lost[#lost + 1] = step
  end
end
if moved > 0 then
  redis.call('HINCRBY', RECORD, 'in_flight', moved)
  advance(moved)
  changed()
end
return lost
