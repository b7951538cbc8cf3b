using System.Diagnostics.Metrics;
using System.Text;
using System.Threading.Channels;

namespace FilterProxy.Filters.Waf.Auditing;

/// <summary>Writes entries into a file, in their order and beside the traffic. What comes faster than it can be written is dropped and counted.</summary>
internal sealed class AuditLog : IAsyncDisposable
{
    private const int MaxWaiting = 4096;

    // An entry holds the bodies rules looked at until it is written.
    private const long MaxBytesWaiting = 64 << 20;

    private readonly Channel<AuditEntry> _entries = Channel.CreateBounded<AuditEntry>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly IAuditFormat _format;
    private readonly FileStream _file;
    private readonly Counter<long> _dropped;
    private readonly Task _writing;
    private long _bytesWaiting;

    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public AuditLog(string path, AuditFormat format, Meter meter)
    {
        _format = format == AuditFormat.Json ? new JsonAuditFormat() : new NativeAuditFormat();
        _dropped = meter.CreateCounter<long>("filterproxy.waf.audit.dropped", "{entry}", "Entries of the audit log that came faster than they could be written.");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _writing = Task.Run(WriteAsync);
    }

    public void Add(AuditEntry entry)
    {
        // A large one is taken where it waits alone.
        var bytes = entry.Transaction.BodyBytes;
        var waiting = Interlocked.Add(ref _bytesWaiting, bytes);
        if ((waiting > MaxBytesWaiting && waiting > bytes) || !_entries.Writer.TryWrite(entry))
        {
            Interlocked.Add(ref _bytesWaiting, -bytes);
            _dropped.Add(1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        await _writing;
        await _file.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        var text = new StringBuilder();
        while (await _entries.Reader.WaitToReadAsync())
        {
            while (text.Length < 256 * 1024 && _entries.Reader.TryRead(out var entry))
            {
                _format.Write(entry, text);
                Interlocked.Add(ref _bytesWaiting, -entry.Transaction.BodyBytes);
            }

            try
            {
                await _file.WriteAsync(Encoding.Latin1.GetBytes(text.ToString()));
            }
            catch (IOException)
            {
                // A full disk must not stop the traffic.
                _dropped.Add(1);
            }

            text.Clear();
        }
    }
}
