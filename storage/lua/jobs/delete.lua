-- Removes the record and every trace of it in the indices.
for i = COUNT + 1, #KEYS do redis.call('ZREM', KEYS[i], ID) end
redis.call('DEL', JOB)
tell(ID, nil)
return 1
