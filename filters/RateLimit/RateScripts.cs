using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.RateLimit;

/// <summary>What redis does for a limit, each in one step: nobody can come in between.</summary>
internal static class RateScripts
{
    /// <summary>
    /// Takes a cost from a key. Arguments: kind (b bucket, f fixed window, s sliding window, l log), rate, window and longest delay in
    /// microseconds, capacity, cost. Answers: 1 or 0, what remains, microseconds to reset and to wait. The clock is redis' own, the same for
    /// all; when it goes back nothing is given away and nothing stands still.
    /// </summary>
    public static RespScript Take { get; } = new("""
        local kind, rate, per, most, cap, cost = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
        local t = redis.call('TIME')
        local now = t[1] * 1000000 + t[2]
        local key = KEYS[1]
        local function reply(ok, left, reset, wait)
          return {ok and 1 or 0, math.max(0, math.floor(left + 1e-6)), math.ceil(reset), math.ceil(wait)}
        end
        local function keep(u, b, a, micros)
          redis.call('HSET', key, 'u', string.format('%.17g', u), 'b', string.format('%.17g', b), 'a', string.format('%.17g', a))
          redis.call('PEXPIRE', key, math.ceil(micros / 1000) + 1000)
        end
        if kind == 'l' then
          while true do
            local oldest = tonumber(redis.call('LINDEX', key, 0))
            if not oldest or now - oldest < per then break end
            redis.call('LPOP', key)
          end
          local used = redis.call('LLEN', key)
          local newest = tonumber(redis.call('LINDEX', key, -1)) or now
          if used + cost > cap then
            local excess = used + cost - cap
            local gone = excess <= used and tonumber(redis.call('LINDEX', key, excess - 1)) or now
            return reply(false, cap - used, newest + per - now, math.max(1, gone + per - now))
          end
          now = math.max(now, newest)
          for i = 1, cost do redis.call('RPUSH', key, string.format('%.17g', now)) end
          redis.call('PEXPIRE', key, math.ceil(per / 1000) + 1000)
          return reply(true, cap - used - cost, per, 0)
        end
        local v = redis.call('HMGET', key, 'u', 'b', 'a')
        local used, before, at = tonumber(v[1]) or 0, tonumber(v[2]) or 0, tonumber(v[3]) or now
        if at > now then at = now end
        if kind == 'b' then
          used = math.max(0, used - (now - at) * rate / per)
          local delay = most >= 0 and used * per / rate or 0
          local over = used + cost - cap
          if over > 1e-6 or delay > math.max(0, most) then
            return reply(false, cap - used, used * per / rate, math.max(1, over * per / rate, delay - math.max(0, most)))
          end
          used = used + cost
          keep(used, 0, now, used * per / rate)
          return reply(true, cap - used, used * per / rate, delay)
        end
        local passed = now - at
        if passed >= per then
          if kind == 's' and passed < per * 2 then
            before, used, at = used, 0, at + per
          else
            before, used, at = 0, 0, now
          end
        end
        local rest = at + per - now
        local estimate = used + math.ceil(before * rest / per)
        local reset = (kind == 's' and used > 0) and rest + per or rest
        if estimate + cost > cap then
          local room = cap - cost - used
          local wait = rest
          if kind == 's' and room >= 0 and before > 0 then wait = math.max(1, rest - room * per / before) end
          return reply(false, cap - estimate, reset, wait)
        end
        keep(used + cost, before, at, rest + per)
        return reply(true, cap - estimate - cost, reset, 0)
        """);

    /// <summary>Gives a cost back. Arguments: kind, cost.</summary>
    public static RespScript Return { get; } = new("""
        local cost = tonumber(ARGV[2])
        if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
        if ARGV[1] == 'l' then
          for i = 1, cost do redis.call('RPOP', KEYS[1]) end
        else
          local used = tonumber(redis.call('HGET', KEYS[1], 'u')) or 0
          redis.call('HSET', KEYS[1], 'u', string.format('%.17g', math.max(0, used - cost)))
        end
        return 1
        """);
}
