using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Resolves the names of endpoints for new connections, again after a while, and keeps the last good answer while the
/// resolver is away. A refresh of zero resolves once.
/// </summary>
internal sealed class NameResolver(TimeProvider time, TimeSpan refresh, Func<string, CancellationToken, Task<IPAddress[]>>? lookup = null)
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookup = lookup ?? Dns.GetHostAddressesAsync;

    /// <summary>The addresses of a name, at least one.</summary>
    /// <exception cref="SocketException">The name has never resolved, or does not exist.</exception>
    public async ValueTask<IPAddress[]> ResolveAsync(string name, CancellationToken cancel)
    {
        if (_entries.TryGetValue(name, out var entry) && (refresh <= TimeSpan.Zero || time.GetElapsedTime(entry.At) < refresh))
        {
            return entry.Addresses;
        }

        try
        {
            var addresses = await _lookup(name, cancel);
            if (addresses.Length == 0)
            {
                throw new SocketException((int)SocketError.HostNotFound);
            }

            _entries[name] = new Entry(addresses, time.GetTimestamp());
            return addresses;
        }
        catch (Exception e) when (entry is not null && e is SocketException or OperationCanceledException)
        {
            return entry.Addresses;
        }
    }

    private sealed record Entry(IPAddress[] Addresses, long At);
}
