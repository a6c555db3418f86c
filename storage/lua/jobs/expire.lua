-- Ends a job whose deadline passed before it was claimed. Answers 1 if it did.
if get(JOB, 'state') ~= 'queued' then return 0 end
close('expired')
return 1
