-- ARGS: step, token, counted (1 or 0). Releases a step; the reconciler sends it again.
local step = ARGS[1]
if about(step, 'holder') ~= ARGS[2] then return 0 end
if ARGS[3] == '1' then crash(step) else let_go(step) end
lease(step, 0)
return 1
