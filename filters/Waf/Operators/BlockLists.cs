using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Waf.Operators;

/// <summary>
/// What block lists in the DNS answered, remembered for a while. A list that does not answer in time has not got the address: mail and web servers
/// take it so, and nobody is refused because a list is down.
/// </summary>
internal sealed class BlockLists
{
    public const int MaxNames = 20_000;

    private const int MaxAsked = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FailureKept = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, (bool IsListed, DateTimeOffset Until)> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task>> _asked = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly Func<string, CancellationToken, Task<bool>> _resolve;
    private long _failures;

    /// <param name="time">The clock.</param>
    /// <param name="resolve">Whether a name has an address; null for the system's resolver.</param>
    public BlockLists(TimeProvider time, Func<string, CancellationToken, Task<bool>>? resolve = null)
    {
        _time = time;
        _resolve = resolve ?? HasAddressAsync;
    }

    /// <summary>How often a list did not answer.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Whether a name is listed; null where it must be asked for.</summary>
    public bool? Find(string name) => _answers.TryGetValue(name, out var answer) && answer.Until > _time.GetUtcNow() ? answer.IsListed : null;

    /// <summary>Asks for a name; it is known when this is done, also where nobody answered.</summary>
    public Task AskAsync(string name)
    {
        if (_asked.Count >= MaxAsked)
        {
            Fail(name);
            return Task.CompletedTask;
        }

        return _asked.GetOrAdd(name, key => new Lazy<Task>(() => ResolveAsync(key))).Value;
    }

    private async Task ResolveAsync(string name)
    {
        using var patience = new CancellationTokenSource(Patience, _time);
        try
        {
            Note(name, await _resolve(name, patience.Token), Kept);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            Fail(name);
        }
        finally
        {
            _asked.TryRemove(name, out _);
        }
    }

    private void Fail(string name)
    {
        Interlocked.Increment(ref _failures);
        Note(name, isListed: false, FailureKept);
    }

    private void Note(string name, bool isListed, TimeSpan kept)
    {
        if (_answers.Count >= MaxNames)
        {
            var now = _time.GetUtcNow();
            foreach (var (old, answer) in _answers)
            {
                if (answer.Until <= now)
                {
                    _answers.TryRemove(old, out _);
                }
            }

            if (_answers.Count >= MaxNames)
            {
                _answers.Clear();
            }
        }

        _answers[name] = (isListed, _time.GetUtcNow() + kept);
    }

    private static async Task<bool> HasAddressAsync(string name, CancellationToken cancel)
    {
        try
        {
            return (await Dns.GetHostAddressesAsync(name, AddressFamily.InterNetwork, cancel)).Length > 0;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return false;
        }
    }
}
