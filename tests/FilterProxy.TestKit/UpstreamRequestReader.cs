using System.Globalization;
using System.Text;

namespace FilterProxy.TestKit;

/// <summary>Reads requests leniently: a test wants to see what a proxy sent, whatever it was.</summary>
internal sealed class UpstreamRequestReader(Stream stream, RawReader reader, CancellationToken stop)
{
    /// <summary>The next request's head; null when the peer closed.</summary>
    public async Task<UpstreamRequest?> ReadHeadAsync(UpstreamConnection connection)
    {
        var head = new List<byte>();
        while (await ReadLineAsync(head) is { } line)
        {
            if (line.Length == 0)
            {
                return new UpstreamRequest(connection, this, [.. head]);
            }
        }

        return null;
    }

    public async Task ReadBodyAsync(UpstreamRequest request, bool sendContinue)
    {
        if (sendContinue && request.Headers.Values("expect").Any(v => v.Contains("100-continue", StringComparison.OrdinalIgnoreCase)))
        {
            await SendAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
        }

        if (request.Headers.Values("transfer-encoding").Any(v => v.EndsWith("chunked", StringComparison.OrdinalIgnoreCase)))
        {
            await ReadChunkedAsync(request);
            return;
        }

        _ = long.TryParse(request.Headers.Values("content-length") is [var first, ..] ? first : null, out var length);
        var body = new List<byte>();
        request.IsComplete = await ReadBytesAsync(length, body);
        request.Body = request.RawBody = [.. body];
    }

    public async Task SendAsync(byte[] bytes)
    {
        await stream.WriteAsync(bytes, stop);
        await stream.FlushAsync(stop);
    }

    /// <summary>Completes when the peer has closed or reset.</summary>
    public async Task ReadToCloseAsync() => await reader.ReadToEndAsync(stop);

    private async Task ReadChunkedAsync(UpstreamRequest request)
    {
        List<byte> raw = [], body = [];
        while (await ReadLineAsync(raw) is { } line)
        {
            if (!int.TryParse(line.Split(';')[0].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size))
            {
                break;
            }

            if (size == 0)
            {
                request.IsComplete = await ReadTrailersAsync(request, raw);
                break;
            }

            var chunk = new List<byte>();
            var whole = await ReadBytesAsync(size, chunk);
            raw.AddRange(chunk);
            body.AddRange(chunk);
            if (!whole || await ReadLineAsync(raw) is null)
            {
                break;
            }
        }

        request.Body = [.. body];
        request.RawBody = [.. raw];
    }

    private async Task<bool> ReadTrailersAsync(UpstreamRequest request, List<byte> raw)
    {
        var fields = new List<KeyValuePair<string, string>>();
        while (await ReadLineAsync(raw) is { } line)
        {
            if (line.Length == 0)
            {
                request.Trailers = new RawFields(fields);
                return true;
            }

            fields.Add(UpstreamRequest.ParseField(line));
        }

        return false;
    }

    private async Task<string?> ReadLineAsync(List<byte> raw)
    {
        var start = raw.Count;
        for (var next = await reader.ReadByteAsync(stop); next >= 0; next = await reader.ReadByteAsync(stop))
        {
            raw.Add((byte)next);
            if (next == '\n')
            {
                return Encoding.Latin1.GetString([.. raw.Skip(start)]).TrimEnd('\n').TrimEnd('\r');
            }
        }

        return null;
    }

    private async Task<bool> ReadBytesAsync(long count, List<byte> into)
    {
        for (var i = 0L; i < count; i++)
        {
            var next = await reader.ReadByteAsync(stop);
            if (next < 0)
            {
                return false;
            }

            into.Add((byte)next);
        }

        return true;
    }
}
