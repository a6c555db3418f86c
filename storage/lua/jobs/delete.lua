-- Removes the record and every trace of it in the indices.
unlist_everywhere(ID)
redis.call('DEL', JOB)
tell(JOB, ID, false)
return 1
