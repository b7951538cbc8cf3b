using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Jose;

/// <summary>
/// Keys that somebody else publishes and replaces: fetched before they are old, and at once when a token names one that is not there. While the
/// publisher is away or talks nonsense, what there is stays.
/// </summary>
/// <param name="name">Whose keys they are, for the log.</param>
/// <param name="fetch">Fetches a set's text; throws where it cannot; the message goes into the log.</param>
/// <param name="options">When.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">What happens goes there.</param>
internal sealed partial class RemoteKeys(
    string name, Func<CancellationToken, Task<byte[]>> fetch, RemoteKeysOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private volatile KeysFetched? _fetched;
    private Task? _flight;
    private long? _tried;
    private int _failures;

    /// <summary>The keys; null before the first were fetched, and when they have become too old to believe.</summary>
    public JsonWebKeySet? Current =>
        _fetched is { } fetched && (options.MaxStale == TimeSpan.Zero || time.GetElapsedTime(fetched.At) <= options.Refresh + options.MaxStale) ? fetched.Set : null;

    /// <summary>Why the last fetch failed; empty when it did not.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>How old the keys are; null where there are none.</summary>
    public TimeSpan? Age => _fetched is { } fetched ? time.GetElapsedTime(fetched.At) : null;

    /// <summary>Takes over what another instance fetched from the same place.</summary>
    public void Adopt(RemoteKeys other) => _fetched ??= other._fetched;

    /// <summary>Fetches until it is stopped: when the keys are getting old, and after a failure sooner and ever later.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (_fetched is not { } fetched || time.GetElapsedTime(fetched.At) >= options.Refresh)
            {
                await FetchAsync().WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await Task.Delay(NextFetch(), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The keys, fetched if there are none yet; null when that failed, or failed a moment ago.</summary>
    public async ValueTask<JsonWebKeySet?> GetAsync(CancellationToken cancel)
    {
        if (Current is { } keys)
        {
            return keys;
        }

        if (MayFetch())
        {
            await FetchAsync().WaitAsync(cancel);
        }

        return Current;
    }

    /// <summary>The keys when a token named one that is not among those <paramref name="seen"/>: perhaps others, or the same.</summary>
    public async ValueTask<JsonWebKeySet?> RenewAsync(JsonWebKeySet seen, CancellationToken cancel)
    {
        if (ReferenceEquals(Current, seen) && MayFetch())
        {
            await FetchAsync().WaitAsync(cancel);
        }

        return Current;
    }

    // Whoever comes while a fetch is under way waits for that one.
    private bool MayFetch()
    {
        lock (_gate)
        {
            return _flight is not null || _tried is not { } tried || time.GetElapsedTime(tried) >= options.Floor;
        }
    }

    private TimeSpan NextFetch()
    {
        var wait = Problem.Length > 0 || _fetched is not { } fetched
            ? FirstRetry * Math.Pow(2, Math.Min(_failures, 8))
            : options.Refresh - time.GetElapsedTime(fetched.At);
        return wait < FirstRetry ? FirstRetry : wait < options.Refresh ? wait : options.Refresh;
    }

    private Task FetchAsync()
    {
        lock (_gate)
        {
            // On the pool from the first step on: a request's loop must not do it, and who waits may give up.
            return _flight ??= Task.Run(FetchOnceAsync);
        }
    }

    private async Task FetchOnceAsync()
    {
        var began = time.GetTimestamp();
        var problem = "";
        try
        {
            using var limit = new CancellationTokenSource(options.Timeout, time);
            var text = await fetch(limit.Token).WaitAsync(limit.Token);
            if (JsonWebKeySet.TryParse(text, symmetric: false, out var set, out problem))
            {
                Take(text, set);
            }
        }
        catch (OperationCanceledException)
        {
            problem = $"no answer within {options.Timeout.TotalSeconds:0.#} s";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever it is, the keys there are stay in use, and the next fetch comes.
            problem = e.Message;
        }
        finally
        {
            Tell(problem);
            lock (_gate)
            {
                (_flight, _tried) = (null, began);
            }
        }
    }

    // The same text gives the same set: what was checked with it stays checked.
    private void Take(byte[] text, JsonWebKeySet set)
    {
        var same = _fetched is { } before && text.AsSpan().SequenceEqual(before.Text);
        _fetched = new KeysFetched(text, same ? _fetched!.Set : set, time.GetTimestamp());
        if (!same)
        {
            Fetched(logger, name, set.Count, set.Skipped.Count == 0 ? "" : $"; not used: {string.Join("; ", set.Skipped.Take(5))}");
        }
    }

    private void Tell(string problem)
    {
        var before = Problem;
        (Problem, _failures) = (problem, problem.Length == 0 ? 0 : _failures + 1);
        if (problem.Length > 0 && problem != before)
        {
            NotFetched(logger, name, problem, Current is null ? "There are none" : $"Those of {Age!.Value:d\\.hh\\:mm\\:ss} ago are used");
        }
        else if (problem.Length == 0 && before.Length > 0)
        {
            FetchedAgain(logger, name);
        }
    }

    [LoggerMessage(101, LogLevel.Information, "The keys of {Name} are new: {Count} can be used{Skipped}.")]
    private static partial void Fetched(ILogger logger, string name, int count, string skipped);

    [LoggerMessage(102, LogLevel.Error, "The keys of {Name} cannot be fetched: {Reason}. {State}.")]
    private static partial void NotFetched(ILogger logger, string name, string reason, string state);

    [LoggerMessage(103, LogLevel.Information, "The keys of {Name} can be fetched again.")]
    private static partial void FetchedAgain(ILogger logger, string name);

    private sealed record KeysFetched(byte[] Text, JsonWebKeySet Set, long At);
}
