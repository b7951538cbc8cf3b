using System.Text;
using static FilterProxy.ScenarioTests.WebSockets.WsFrame;

namespace FilterProxy.ScenarioTests.WebSockets;

/// <summary>What a client sends, piece by piece, and what the server must answer: after RFC 6455 and as far as the Autobahn suite goes.</summary>
/// <param name="Sent">Writes.</param>
/// <param name="Answer">The bytes the server answers with, its Close included.</param>
internal sealed record WsCase(byte[][] Sent, byte[] Answer)
{
    private static readonly byte[] End = Make(CloseOpcode, Code(1000));
    private static readonly byte[] Ended = Answered(CloseOpcode, Code(1000));

    /// <summary>All cases by name.</summary>
    public static IReadOnlyDictionary<string, WsCase> All { get; } = Cases().ToDictionary(c => c.Name, c => c.Case);

    private static IEnumerable<(string Name, WsCase Case)> Cases() =>
        Sizes().Concat(Pings()).Concat(Fragments()).Concat(Closes()).Concat(Violations()).Concat(Utf8());

    private static IEnumerable<(string, WsCase)> Sizes()
    {
        foreach (var opcode in new[] { Text, Binary })
        {
            foreach (var size in new[] { 0, 1, 125, 126, 127, 128, 65_535, 65_536, 1 << 20 })
            {
                var payload = opcode == Text ? Encoding.ASCII.GetBytes(new string('*', size)) : [.. Enumerable.Range(0, size).Select(i => (byte)i)];
                yield return ($"{(opcode == Text ? "text" : "binary")} {size}", Echo(opcode, payload, Make(opcode, payload)));
                if (size <= 128)
                {
                    yield return ($"{(opcode == Text ? "text" : "binary")} {size} by bytes", Echo(opcode, payload, [.. Make(opcode, payload).Chunk(1)]));
                }
            }
        }
    }

    private static IEnumerable<(string, WsCase)> Pings()
    {
        foreach (var size in new[] { 0, 1, 125 })
        {
            byte[] payload = [.. Enumerable.Range(0, size).Select(i => (byte)(0xfe - i))];
            yield return ($"ping {size}", new([Make(Ping, payload), End], [.. Answered(Pong, payload), .. Ended]));
        }

        yield return ("pings at once", new(
            [[.. Enumerable.Range(0, 10).SelectMany(i => Make(Ping, [(byte)i]))], End],
            [.. Enumerable.Range(0, 10).SelectMany(i => Answered(Pong, [(byte)i])), .. Ended]));
        yield return ("unasked pong", new([Make(Pong, [1, 2, 3]), End], Ended));
        yield return ("ping of 126 bytes", Refused(1002, Make(Ping, new byte[126])));
        yield return ("ping in fragments", Refused(1002, Make(Ping, [1], fin: false)));
    }

    private static IEnumerable<(string, WsCase)> Fragments()
    {
        yield return ("two fragments", Echo(Text, "hello"u8, Make(Text, [.. "hel"u8], fin: false), Make(Continuation, [.. "lo"u8])));
        yield return ("empty fragments", Echo(Binary, [], Make(Binary, [], fin: false), Make(Continuation, [], fin: false), Make(Continuation, [])));
        yield return ("a character across fragments", Echo(Text, "é"u8, Make(Text, [0xc3], fin: false), Make(Continuation, [0xa9])));
        yield return ("a ping between fragments", new(
            [Make(Text, [.. "hel"u8], fin: false), Make(Ping, [7]), Make(Continuation, [.. "lo"u8]), End],
            [.. Answered(Pong, [7]), .. Answered(Text, "hello"u8), .. Ended]));
        yield return ("many fragments", Echo(
            Binary, new byte[1000], [Make(Binary, [0], fin: false), .. Enumerable.Repeat(Make(Continuation, [0], fin: false), 998), Make(Continuation, [0])]));
        yield return ("a continuation of nothing", Refused(1002, Make(Continuation, [.. "lo"u8])));
        yield return ("a message within a message", Refused(1002, Make(Text, [.. "a"u8], fin: false), Make(Text, [.. "b"u8])));
        yield return ("a close between fragments", new([Make(Text, [.. "hel"u8], fin: false), End], Ended));
    }

    private static IEnumerable<(string, WsCase)> Closes()
    {
        foreach (var code in new[] { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999 })
        {
            yield return ($"close {code}", new([Make(CloseOpcode, Code(code))], Answered(CloseOpcode, Code(code))));
        }

        foreach (var code in new[] { 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535 })
        {
            yield return ($"close {code} is none", Refused(1002, Make(CloseOpcode, Code(code))));
        }

        yield return ("close without a code", new([Make(CloseOpcode, [])], Answered(CloseOpcode, [])));
        yield return ("close of one byte", Refused(1002, Make(CloseOpcode, [3])));
        yield return ("close of 126 bytes", Refused(1002, Make(CloseOpcode, Code(1000, new string('x', 124)))));
        yield return ("close in words", new([Make(CloseOpcode, Code(1000, "done ☺"))], Answered(CloseOpcode, Code(1000, "done ☺"))));
        yield return ("close in words that are none", Refused(1007, Make(CloseOpcode, [.. Code(1000), 0xc0, 0xaf])));
        yield return ("a message after a close", new([[.. Make(CloseOpcode, Code(1000)), .. Make(Text, [.. "late"u8])]], Ended));
    }

    private static IEnumerable<(string, WsCase)> Violations()
    {
        for (byte reserved = 1; reserved <= 7; reserved++)
        {
            yield return ($"reserved bits {reserved}", Refused(1002, Make(Text, [.. "x"u8], reserved: reserved)));
        }

        foreach (byte opcode in new byte[] { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 })
        {
            yield return ($"opcode {opcode}", Refused(1002, Make(opcode, [.. "x"u8])));
        }

        yield return ("not masked", Refused(1002, Make(Text, [.. "x"u8], masked: false)));
    }

    private static IEnumerable<(string, WsCase)> Utf8()
    {
        yield return ("characters", Echo(Text, "κόσμε 😈 \uFFFD"u8, Make(Text, [.. "κόσμε 😈 \uFFFD"u8])));
        foreach (var (name, bytes) in new (string, byte[])[]
        {
            ("overlong", [0xc0, 0xaf]), ("surrogate", [0xed, 0xa0, 0x80]), ("too large", [0xf4, 0x90, 0x80, 0x80]), ("cut short", [0xe2, 0x82]),
            ("stray", [0x80]), ("never", [0xff]),
        })
        {
            yield return ($"no text: {name}", Refused(1007, Make(Text, bytes)));
            yield return ($"no text in fragments: {name}", Refused(1007, Make(Text, bytes[..1], fin: false), Make(Continuation, bytes[1..])));
        }
    }

    private static WsCase Echo(byte opcode, ReadOnlySpan<byte> payload, params byte[][] sent) => new([.. sent, End], [.. Answered(opcode, payload), .. Ended]);

    private static WsCase Refused(int code, params byte[][] sent) => new(sent, Answered(CloseOpcode, Code(code)));

    private static byte[] Answered(byte opcode, ReadOnlySpan<byte> payload) => WsFrame.Answer(opcode, payload.ToArray());
}
