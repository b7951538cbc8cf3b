using System.Net;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.TcpRelay;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>The rates of a service: of all its clients together, and of each address.</summary>
internal sealed class ServiceRates(ServiceTerms terms, TimeProvider time)
{
    private readonly ByteRate? _upload = RateOf(terms.Upload, time), _download = RateOf(terms.Download, time);
    private readonly SharedRates? _visitors = terms.VisitorUpload + terms.VisitorDownload == 0 ? null
        : new SharedRates(SizeOf(terms.VisitorUpload), SizeOf(terms.VisitorDownload), time);

    /// <summary>What a client's bytes are counted against; the caller disposes it when the client is done.</summary>
    public Share Enter(IPAddress? client)
    {
        if (_visitors is null)
        {
            return new Share(null, "", Both(_upload, null), Both(_download, null));
        }

        var key = client?.ToString() ?? "";
        var (upload, download) = _visitors.Enter(key);
        return new Share(_visitors, key, Both(_upload, upload), Both(_download, download));
    }

    /// <summary>Whether two services have the same rates.</summary>
    public static bool AreSame(ServiceTerms one, ServiceTerms other) =>
        (one.Upload, one.Download, one.VisitorUpload, one.VisitorDownload) == (other.Upload, other.Download, other.VisitorUpload, other.VisitorDownload);

    private static ByteRate[] Both(ByteRate? all, ByteRate? one) => (all, one) switch
    {
        (null, null) => [],
        (null, _) => [one],
        (_, null) => [all],

        // The client's own first: a datagram that it refuses takes nothing from the others.
        _ => [one, all],
    };

    private static ByteRate? RateOf(long bytes, TimeProvider time) => bytes == 0 ? null : new ByteRate(bytes, time);

    private static ByteSize? SizeOf(long bytes) => bytes == 0 ? null : new ByteSize(bytes);

    /// <summary>One client's rates.</summary>
    internal sealed class Share(SharedRates? visitors, string key, IReadOnlyList<ByteRate> upload, IReadOnlyList<ByteRate> download) : IDisposable
    {
        private int _isOver;

        public IReadOnlyList<ByteRate> Upload => upload;

        public IReadOnlyList<ByteRate> Download => download;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                visitors?.Leave(key);
            }
        }
    }
}
