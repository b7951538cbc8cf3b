namespace FilterProxy.Tests.Http1;

/// <summary>Bends valid messages: each call a few random edits, reproducible from the seed.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "\r", "\n", "\r\n", "\0", " ", "\t", ":", ",", ";", "=", "\"", "\\", "#", "?", "/", "%", "@", "_", "0", "1", "f", "\u007f", "\u00e9",
            "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Host: b\r\n", "Connection: close\r\n", "\r\n\r\n", "HTTP/1.1", "HTTP/1.0",
            "http://b", "chunked", "0\r\n\r\n", "X: y\r\n", "5\r\nhello\r\n",
        }.Select(Wire.Bytes),
    ];

    private readonly Random _random = new(seed);

    public int Below(int limit) => _random.Next(limit);

    public byte[] Mutate(IReadOnlyList<byte[]> messages)
    {
        var bytes = messages[Below(messages.Count)].ToList();
        for (var edits = Below(4); edits > 0 && bytes.Count > 1; edits--)
        {
            var at = Below(bytes.Count);
            var length = Math.Min(1 + Below(6), bytes.Count - at);
            switch (Below(6))
            {
                case 0:
                    bytes[at] = (byte)Below(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 3:
                    var other = messages[Below(messages.Count)];
                    bytes.InsertRange(at, other.Skip(Below(other.Length)).Take(1 + Below(24)));
                    break;
                default:
                    bytes.InsertRange(at, Tokens[Below(Tokens.Length)]);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Ascending places to cut at, now one, now several, now every one.</summary>
    public int[] Cuts(int length) => Below(4) switch
    {
        _ when length < 2 => [],
        0 => [.. Enumerable.Range(1, length - 1)],
        1 => [.. Enumerable.Range(1, length - 1).Where(_ => Below(8) == 0)],
        _ => [1 + Below(length - 1)],
    };
}
