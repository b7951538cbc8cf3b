using System.Net;
using FilterProxy.Filters.ReverseTunnel.Udp;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>The datagrams of one client of a service: counted by their bytes, and kept to its rates.</summary>
internal sealed class ServiceSession : ISessionTraffic
{
    private readonly ServiceRecord _record;
    private readonly ServiceMetrics _metrics;
    private readonly ServiceRates.Share? _share;
    private long _toAgent, _toClient;

    /// <summary>Begins with the session; <see cref="End"/> follows.</summary>
    public ServiceSession(ServiceRecord record, ServiceMetrics metrics, IPAddress client)
    {
        (_record, _metrics, _share) = (record, metrics, record.Rates?.Enter(client));
        record.Begin();
    }

    public bool TryUpload(int bytes) => TryPass(bytes, _share?.Upload, ref _toAgent);

    public bool TryDownload(int bytes) => TryPass(bytes, _share?.Download, ref _toClient);

    public void End(string reason)
    {
        _share?.Dispose();
        var (toAgent, toClient) = (Volatile.Read(ref _toAgent), Volatile.Read(ref _toClient));
        _record.End(toAgent, toClient);
        _metrics.Ended(_record.Owner, reason, toAgent, toClient);
    }

    private static bool TryPass(int bytes, IReadOnlyList<ByteRate>? rates, ref long passed)
    {
        for (var i = 0; i < rates?.Count; i++)
        {
            if (!rates[i].TryTake(bytes))
            {
                return false;
            }
        }

        Interlocked.Add(ref passed, bytes);
        return true;
    }
}
