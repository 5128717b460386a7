-- Puts an entry aside that can't be read, if the lease is still this process'. KEYS: the lease, the entries that were put aside.
-- ARGV: whose lease it is, the most entries, for how many milliseconds they are kept, which entry, its bytes.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[2], '*', 'entry', ARGV[4], 'data', ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
