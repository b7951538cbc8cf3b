namespace FilterProxy.Filters.RateLimit;

/// <summary>
/// Puts a request to limits that are counted in redis. What is counted here comes first: who is over the limit here is over it everywhere, and
/// whom redis refused is refused here until it would do otherwise. So a flood under one key does not reach redis.
/// </summary>
internal sealed class SharedJudge(Limit[] limits, RateLimitState state, RateJudge local, SharedCounters shared, RedisFailure onFailure, Func<long> now)
{
    private int _isUnshared;

    /// <summary>Whether the last request was judged without redis.</summary>
    public bool IsUnshared => Volatile.Read(ref _isUnshared) != 0;

    /// <returns>The limit that refuses; -1 for none; <see cref="RateLimitFilter.Unavailable"/> for nobody who can say.</returns>
    public async ValueTask<int> TakeAsync(HttpExchange exchange, Charge[] charges)
    {
        if (local.Take(exchange, charges, now(), CountMode.Ahead) is >= 0 and var refused)
        {
            return refused;
        }

        var names = new byte[]?[limits.Length];
        var asked = new Task<Verdict?>?[limits.Length];
        for (var i = 0; i < limits.Length; i++)
        {
            if (charges[i] is { Applies: true, Verdict.IsAllowed: true } && limits[i].Reader.TryRead(exchange, out var id, out var text))
            {
                names[i] = shared.NameOf(limits[i], id, text, limits[i].Reader.WithAddress ? limits[i].Reader.AddressOf(exchange) : null);
                asked[i] = shared.TakeAsync(limits[i], names[i]!, charges[i].Cost);
            }
        }

        var answers = new Verdict?[limits.Length];
        var isComplete = true;
        for (var i = 0; i < asked.Length; i++)
        {
            if (asked[i] is { } answer)
            {
                answers[i] = await answer;
                isComplete &= answers[i] is not null;
            }
        }

        Volatile.Write(ref _isUnshared, isComplete ? 0 : 1);
        return isComplete ? Judge(charges, names, answers) : JudgeAlone(exchange, charges, names, answers);
    }

    private int Judge(Charge[] charges, byte[]?[] names, Verdict?[] answers)
    {
        var refusedBy = -1;
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] is not { } verdict)
            {
                continue;
            }

            charges[i].Verdict = verdict;
            if (verdict.IsAllowed)
            {
                continue;
            }

            state.Metrics.CountLimited(limits[i]);
            local.GiveBack(charges, i);
            limits[i].Table.Block(charges[i].Id, now() + verdict.Wait);
            if (!limits[i].IsDryRun && refusedBy < 0)
            {
                refusedBy = i;
            }
        }

        if (refusedBy >= 0)
        {
            GiveBack(charges, names, answers);
        }

        return refusedBy;
    }

    private int JudgeAlone(HttpExchange exchange, Charge[] charges, byte[]?[] names, Verdict?[] answers)
    {
        for (var i = 0; i < answers.Length; i++)
        {
            if (names[i] is not null && answers[i] is null)
            {
                state.Metrics.CountUnshared(limits[i]);
            }
        }

        switch (onFailure)
        {
            case RedisFailure.Whole:
                return -1;
            case RedisFailure.Refuse:
                GiveBack(charges, names, answers);
                return RateLimitFilter.Unavailable;
            default:
                local.GiveBack(charges);
                return local.Take(exchange, charges, now(), CountMode.Share);
        }
    }

    private void GiveBack(Charge[] charges, byte[]?[] names, Verdict?[] answers)
    {
        local.GiveBack(charges);
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] is { IsAllowed: true })
            {
                shared.Return(limits[i], names[i]!, charges[i].Cost);
            }
        }
    }
}
