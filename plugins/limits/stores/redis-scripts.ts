/**
 * The scripts that Redis runs, each as one step that nothing comes between. They hold to `decide.ts`; times are Redis' own, so that
 * the clocks of the gateways have no part in it. Every key expires once it says no more than no key would.
 *
 *   rate   a text `<level> <at>`    what the bucket held then
 *   quota  a text `<used> <since>`  what is used of it, and when that count began
 *   lease  a sorted set             holders by the time until which they hold it
 */

/** How many arguments each claim and each correction has, besides its key. */
export const argumentsEach = 5

/** What the answer begins with where keys hold something else than a count; their names follow it. */
export const brokenCode = 'BROKENCOUNTS'

/** What the answer is where the script ran too late to take anything. */
export const lateCode = 'TOOLATE'

const time = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`

/**
 * One after the other, so that one key under which there is something else does no harm to the rest. A level needs all its digits,
 * which \`tostring\` would not give. A text that is no count is none.
 */
const counts = `
local broken = {}
local function each(act)
  for i, key in ipairs(KEYS) do
    local done, failure = pcall(act, i, key)
    if not done then
      local why = type(failure) == 'table' and failure.err or tostring(failure)
      if not string.find(why, 'WRONGTYPE', 1, true) then error(failure) end
      broken[#broken + 1] = key
    end
  end
end
local function answered()
  if #broken > 0 then return redis.error_reply('${brokenCode} ' .. table.concat(broken, ' ')) end
  return 1
end
local function numbers(key)
  local kept = redis.call('GET', key)
  local one, two = string.match(kept or '', '^(%S+) (%S+)$')
  return tonumber(one or ''), tonumber(two or '')
end
local function level(key, per_minute, capacity)
  local held, at = numbers(key)
  if not held or not at then return capacity end
  return math.min(capacity, held + math.max(0, now - at) * per_minute / 60000)
end
local function keep_level(key, held, per_minute, capacity)
  if held >= capacity then return redis.call('DEL', key) end
  local filling = math.min(math.ceil((capacity - held) * 60000 / per_minute), 30 * 24 * 3600000)
  redis.call('SET', key, string.format('%.17g %.0f', held, now), 'PX', string.format('%.0f', filling + 1000))
end
local function used(key, period)
  local amount, since = numbers(key)
  if not amount or not since or math.floor(since / period) ~= math.floor(now / period) then return 0, now end
  return amount, since
end
local function keep_used(key, amount, since, period)
  local over = (math.floor(now / period) + 1) * period
  redis.call('SET', key, string.format('%.0f %.0f', amount, since), 'PXAT', string.format('%.0f', over))
end
local function hold(key, holder, ttl)
  redis.call('ZADD', key, string.format('%.0f', now + ttl), holder)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, string.format('%.0f', ttl)) end
end
`

/**
 * The time until which it may be done: a Redis that was held up does not take what its caller has long done without. Then each claim:
 * kind, amount, and for a rate per_minute and capacity, for a quota limit and period, for a lease limit, ttl and holder.
 * Answers whether all were taken, the time, and of each claim the count as it was before, and since when it is counted.
 */
export const takeScript = `${time}${counts}
if now > tonumber(ARGV[1]) then return redis.error_reply('${lateCode} nobody waits for it') end
local found, since = {}, {}
local met = true
each(function(i, key)
  local first = (i - 1) * ${argumentsEach} + 1
  local kind, amount = ARGV[first + 1], tonumber(ARGV[first + 2])
  local a, b, holder = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4]), ARGV[first + 5]
  if kind == 'rate' then
    found[i] = level(key, a, b)
    if amount > 0 and found[i] < math.min(amount, b) - 1e-6 then met = false end
  elseif kind == 'quota' then
    found[i], since[i] = used(key, b)
    if amount > 0 and found[i] + math.min(amount, a) > a then met = false end
  else
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
    found[i] = redis.call('ZCARD', key)
    if redis.call('ZSCORE', key, holder) then found[i] = found[i] - 1 end
    if found[i] >= a then met = false end
  end
end)
if #broken > 0 then return answered() end
local answer = { met and 1 or 0, string.format('%.0f', now) }
for i, key in ipairs(KEYS) do
  local first = (i - 1) * ${argumentsEach} + 1
  local kind, amount = ARGV[first + 1], tonumber(ARGV[first + 2])
  local a, b, holder = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4]), ARGV[first + 5]
  answer[i * 2 + 1] = string.format('%.17g', found[i])
  answer[i * 2 + 2] = string.format('%.0f', since[i] or 0)
  if met then
    if kind == 'rate' then
      if amount > 0 then keep_level(key, found[i] - amount, a, b) end
    elseif kind == 'quota' then
      if amount > 0 then keep_used(key, found[i] + amount, since[i], b) end
    else
      hold(key, holder, b)
    end
  end
end
return answer
`

/** Writes what is gone at once: a Redis that is full, or may not write, says yes to everything else. Answers the time. */
export const probeScript = `${time}
redis.call('SET', KEYS[1], '', 'PX', 1000)
return string.format('%.0f', now)
`

/** Each correction: kind, by how much, and for a rate per_minute and capacity, for a quota since when and period. */
export const settleScript = `${time}${counts}
each(function(i, key)
  local first = (i - 1) * ${argumentsEach}
  local kind, by = ARGV[first + 1], tonumber(ARGV[first + 2])
  local a, b = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4])
  if kind == 'rate' then
    keep_level(key, level(key, a, b) - by, a, b)
  else
    local amount, since = used(key, b)
    local is_over = math.floor(a / b) ~= math.floor(now / b)
    if not is_over and (by > 0 or since == a) then keep_used(key, math.max(0, amount + by), since, b) end
  end
end)
return answered()
`

/** Each lease: its holder. */
export const releaseScript = `${time}${counts}
each(function(i, key) redis.call('ZREM', key, ARGV[i]) end)
return answered()
`

/** The time that all are kept for, and for each lease its holder. */
export const renewScript = `${time}${counts}
local ttl = tonumber(ARGV[1])
each(function(i, key) hold(key, ARGV[i + 1], ttl) end)
return answered()
`
