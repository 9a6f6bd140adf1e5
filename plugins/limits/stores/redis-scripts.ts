/**
 * The scripts that Redis runs, each as one step that nothing comes between. They hold to `decide.ts`; times are Redis' own, so that
 * the clocks of the gateways have no part in it. Every key expires once it says no more than no key would.
 *
 *   rate   a text `<level> <at>`    what the bucket held then
 *   quota  a number                 what is used of it
 *   lease  a sorted set             holders by the time until which they hold it
 */

/** How many arguments each claim and each correction has, besides its key. */
export const argumentsEach = 5

const time = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`

/** A level needs all its digits, which \`tostring\` would not give. */
const counts = `
local function level(key, per_minute, capacity)
  local kept = redis.call('GET', key)
  if not kept then return capacity end
  local held, at = string.match(kept, '^(%S+) (%S+)$')
  return math.min(capacity, tonumber(held) + math.max(0, now - tonumber(at)) * per_minute / 60000)
end
local function keep_level(key, held, per_minute, capacity)
  if held >= capacity then return redis.call('DEL', key) end
  local filling = math.min(math.ceil((capacity - held) * 60000 / per_minute), 30 * 24 * 3600000)
  redis.call('SET', key, string.format('%.17g %.0f', held, now), 'PX', string.format('%.0f', filling + 1000))
end
local function keep_used(key, used, resets_at)
  redis.call('SET', key, string.format('%.0f', used))
  redis.call('PEXPIREAT', key, string.format('%.0f', resets_at + 600000))
end
local function hold(key, holder, ttl)
  redis.call('ZADD', key, string.format('%.0f', now + ttl), holder)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, string.format('%.0f', ttl)) end
end
`

/**
 * Each claim: kind, amount, and for a rate per_minute and capacity, for a quota limit and resets_at, for a lease limit, ttl and
 * holder. Answers whether all were taken, the time, and the counts as they were before.
 */
export const takeScript = `${time}${counts}
local found = {}
local met = true
for i, key in ipairs(KEYS) do
  local first = (i - 1) * ${argumentsEach}
  local kind, amount = ARGV[first + 1], tonumber(ARGV[first + 2])
  local a, b, holder = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4]), ARGV[first + 5]
  if kind == 'rate' then
    found[i] = level(key, a, b)
    if amount > 0 and found[i] < math.min(amount, b) - 1e-6 then met = false end
  elseif kind == 'quota' then
    found[i] = tonumber(redis.call('GET', key) or '0')
    if amount > 0 and found[i] + math.min(amount, a) > a then met = false end
  else
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
    found[i] = redis.call('ZCARD', key)
    if redis.call('ZSCORE', key, holder) then found[i] = found[i] - 1 end
    if found[i] >= a then met = false end
  end
end
local answer = { met and 1 or 0, string.format('%.0f', now) }
for i, key in ipairs(KEYS) do
  local first = (i - 1) * ${argumentsEach}
  local kind, amount = ARGV[first + 1], tonumber(ARGV[first + 2])
  local a, b, holder = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4]), ARGV[first + 5]
  answer[i + 2] = string.format('%.17g', found[i])
  if met then
    if kind == 'rate' then
      if amount > 0 then keep_level(key, found[i] - amount, a, b) end
    elseif kind == 'quota' then
      if amount > 0 then keep_used(key, found[i] + amount, b) end
    else
      hold(key, holder, b)
    end
  end
end
return answer
`

/** Each correction: kind, by how much, and for a rate per_minute and capacity, for a quota nothing and resets_at. */
export const settleScript = `${time}${counts}
for i, key in ipairs(KEYS) do
  local first = (i - 1) * ${argumentsEach}
  local kind, by = ARGV[first + 1], tonumber(ARGV[first + 2])
  local a, b = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4])
  if kind == 'rate' then
    keep_level(key, level(key, a, b) - by, a, b)
  else
    keep_used(key, math.max(0, tonumber(redis.call('GET', key) or '0') + by), b)
  end
end
return 1
`

/** Each lease: its holder. */
export const releaseScript = `
for i, key in ipairs(KEYS) do redis.call('ZREM', key, ARGV[i]) end
return 1
`

/** The time that all are kept for, and for each lease its holder. */
export const renewScript = `${time}${counts}
local ttl = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do hold(key, ARGV[i + 1], ttl) end
return 1
`
