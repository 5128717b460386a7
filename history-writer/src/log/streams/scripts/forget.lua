-- Tells how far a stream is stored, if the lease is still this process'. KEYS: the lease, the stream, what is known of it.
-- ARGV: whose lease it is, the group, the last entry of which all is stored, how many entries there were up to that, the mark,
-- the first entry that is kept, the bytes of those before it. Answers with 0 if another process has the lease.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.pcall('XGROUP', 'SETID', KEYS[2], ARGV[2], ARGV[3], 'ENTRIESREAD', ARGV[4])
redis.call('HSET', KEYS[3], 'mark', ARGV[5])
if ARGV[6] ~= '' then
  local removed = redis.call('XTRIM', KEYS[2], 'MINID', '=', ARGV[6])
  -- None if this was done before and the answer was lost.
  if removed > 0 then
    redis.call('HINCRBY', KEYS[3], 'removed', removed)
    redis.call('HINCRBY', KEYS[3], 'bytes', '-' .. ARGV[7])
  end
end
return 1
