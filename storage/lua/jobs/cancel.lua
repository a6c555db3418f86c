-- Answers the state that the job has afterwards, or nil if there is no such job.
local state = get(JOB, 'state')
if not state or ended(state) then return state end
close('canceled')
return 'canceled'
