-- ARGS: lease_s, then the attempt of each job. Answers the ids whose lease was lost.
local lost = {}
for i = 1, COUNT do
  local job, id, attempt = KEYS[i], IDS[i], ARGS[1 + i]
  if get(job, 'state') == 'running' and get(job, 'attempt') == attempt then
    redis.call('ZADD', index('running', get(job, 'lane')), text(NOW + tonumber(ARGS[1])), id)
  else
    lost[#lost + 1] = id
  end
end
return lost
