using System.Globalization;

namespace FilterProxy.TestKit;

/// <summary>Reads one response strictly: what RFC 9112 does not allow fails the test that reads it.</summary>
internal sealed class RawResponseReader(RawReader reader)
{
    /// <summary>One response, interim ones included.</summary>
    /// <param name="toHead">The request was HEAD: there is no body whatever the fields say.</param>
    /// <param name="cancel">The deadline.</param>
    public async ValueTask<RawResponse> ReadAsync(bool toHead, CancellationToken cancel)
    {
        var line = await reader.ReadLineAsync(cancel) ?? throw reader.Malformed("the connection was closed instead of a response");
        var (version, status, reason) = ParseStatusLine(line);
        var headers = await ReadFieldsAsync(cancel);
        var rawHead = string.Join("\r\n", headers.Select(h => $"{h.Key}: {h.Value}").Prepend(line)) + "\r\n\r\n";
        var (body, chunks, trailers) = await ReadBodyAsync(headers, status, toHead, cancel);
        return new RawResponse(version, status, reason, headers, body, trailers, chunks, rawHead);
    }

    private (string Version, int Status, string Reason) ParseStatusLine(string line)
    {
        // RFC 9112 §4: HTTP-version SP 3DIGIT SP [ reason-phrase ]
        if (line.Length < 13 || line[..9] is not ("HTTP/1.1 " or "HTTP/1.0 ") || line[12] != ' '
            || !int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status < 100)
        {
            throw reader.Malformed($"status line '{line}'");
        }

        return (line[..8], status, line[13..]);
    }

    private async ValueTask<RawFields> ReadFieldsAsync(CancellationToken cancel)
    {
        var fields = new List<KeyValuePair<string, string>>();
        while (true)
        {
            var line = await reader.ReadLineAsync(cancel) ?? throw reader.Malformed("the connection was closed inside the fields");
            if (line.Length == 0)
            {
                return new RawFields(fields);
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? line : line[..colon];
            var value = line[(colon + 1)..].Trim(' ', '\t');
            if (colon < 0 || !HeaderName.IsToken(System.Text.Encoding.Latin1.GetBytes(name))
                || !HeaderName.IsValue(System.Text.Encoding.Latin1.GetBytes(value)))
            {
                throw reader.Malformed($"field line '{line}' (RFC 9112 §5)");
            }

            fields.Add(new(name, value));
        }
    }

    private async ValueTask<(byte[] Body, IReadOnlyList<int> Chunks, RawFields Trailers)> ReadBodyAsync(
        RawFields headers, int status, bool toHead, CancellationToken cancel)
    {
        var lengths = headers.Values("content-length");
        var codings = headers.Values("transfer-encoding");
        if (lengths.Count > 1 || (lengths.Count == 1 && codings.Count > 0))
        {
            throw reader.Malformed("ambiguous framing: more than one of Content-Length and Transfer-Encoding (RFC 9112 §6.3)");
        }

        if (status < 200 || status is 204 or 304 || toHead)
        {
            if (status is < 200 or 204 && (codings.Count > 0 || lengths.Count > 0))
            {
                throw reader.Malformed($"a {status} response with framing fields (RFC 9110 §8.6, RFC 9112 §6.1)");
            }

            return ([], [], RawFields.Empty);
        }

        if (codings.Count > 0)
        {
            return codings is ["chunked"]
                ? await ReadChunkedAsync(cancel)
                : throw reader.Malformed($"Transfer-Encoding '{string.Join(", ", codings)}'");
        }

        if (lengths.Count == 0)
        {
            var body = await reader.ReadToEndAsync(cancel);
            return !reader.WasReset ? (body, [], RawFields.Empty) : throw reader.Malformed("a reset inside a body that ends with the connection");
        }

        return long.TryParse(lengths[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? (await reader.ReadExactlyAsync(length, cancel), [], RawFields.Empty)
            : throw reader.Malformed($"Content-Length '{lengths[0]}'");
    }

    private async ValueTask<(byte[] Body, IReadOnlyList<int> Chunks, RawFields Trailers)> ReadChunkedAsync(CancellationToken cancel)
    {
        using var body = new MemoryStream();
        var chunks = new List<int>();
        while (true)
        {
            var line = await reader.ReadLineAsync(cancel) ?? throw reader.Malformed("the connection was closed before the last chunk");
            if (!int.TryParse(line.Split(';')[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) || size < 0)
            {
                throw reader.Malformed($"chunk size '{line}' (RFC 9112 §7.1)");
            }

            if (size == 0)
            {
                return (body.ToArray(), chunks, await ReadFieldsAsync(cancel));
            }

            body.Write(await reader.ReadExactlyAsync(size, cancel));
            chunks.Add(size);
            if (await reader.ReadLineAsync(cancel) is not "")
            {
                throw reader.Malformed("chunk data longer than its size");
            }
        }
    }
}
