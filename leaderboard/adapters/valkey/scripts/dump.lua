-- Read some of a ranking's users, in no order, so that a ranking can be compared with the table.
--
-- It goes by HSCAN: who is known from the first call to the last is read at least once.
--
-- KEYS members (sorted set), users (hash), state (hash)
-- ARGV the board's order; the life; the cursor ('0' to begin); about how many
-- Returns a list: the next cursor ('0' at the end); a flat list of packed user id, value in the hash
-- of users (member.lua) and signed score of the user's member ('' if it has none, as removed users).
-- Or the order that the ranking is kept in, if that is another. Or an empty list, if the life is over.
local members, users, state = KEYS[1], KEYS[2], KEYS[3]
local known = redis.call('HMGET', state, 'life', 'held', 'order')
if known[1] ~= ARGV[2] or is_lost(members, users, known[2]) then
  return {}
end
if known[3] and known[3] ~= ARGV[1] then
  return known[3]
end
local page = redis.call('HSCAN', users, ARGV[3], 'COUNT', ARGV[4])
local flat = {}
for i = 1, #page[2], 2 do
  local id, value = page[2][i], page[2][i + 1]
  flat[#flat + 1] = id
  flat[#flat + 1] = value
  flat[#flat + 1] = redis.call('ZSCORE', members, member_of(id, value)) or ''
end
return {page[1], flat}
