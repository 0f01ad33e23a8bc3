-- List entries from the beginning, or from the first one behind a place in the order, whether or
-- not somebody stands there.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV the board's order; how many; '' and '', or the signed score of the place, and its time and user id (packed) as a
--      member begins with them
-- Returns what stretch of stretch.lua returns, or what unfit does.
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
local limit, score, place = tonumber(ARGV[2]), ARGV[3], ARGV[4]

-- Byte for byte, as the set compares: Lua's own comparison is that of the server's locale.
local function is_behind(one, other)
  for i = 1, math.min(#one, #other) do
    local left, right = string.byte(one, i), string.byte(other, i)
    if left ~= right then
      return left > right
    end
  end
  return #one > #other
end

local function first_behind()
  local id = string.sub(place, 7)
  local value = redis.call('HGET', users, id)
  local known = value and string.sub(value, 8, 13) == string.sub(place, 1, 6)
    and redis.call('ZRANK', order, member_of(id, value), 'WITHSCORE')
  if known and tonumber(known[2]) == tonumber(score) then
    return known[1] + 1
  end
  -- Nobody stands there: between those who are better and those who are worse, search the tied.
  local low = redis.call('ZCOUNT', order, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', order, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_behind(redis.call('ZRANGE', order, middle, middle)[1], place) then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end

local answer = unfit(order, users, state, ARGV[1])
if answer then
  return answer
end
local first = score == '' and 0 or first_behind()
return stretch(order, first, first + limit - 1)
