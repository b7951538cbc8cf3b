using System.Text;
using FilterProxy.Core.Transport;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class HttpsSchemeTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static readonly byte[] Get = [0x82, 0x86, 0x84];
    private static readonly byte[] Propfind = [0x02, 8, .. "PROPFIND"u8, 0x86, 0x84];

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void The_scheme_of_every_request_becomes_https_however_frames_are_cut(int piece)
    {
        // One write has a whole head in it, as the client writes them; what is before it may be cut anywhere.
        byte[] before = [.. Encoding.ASCII.GetBytes(Preface), .. Frame(4, 0, [0, 1, 0, 0, 0, 0]), .. Frame(0, 0, [0x82, 0x86, 0x84, 0, 1])];
        var scheme = new HttpsScheme();
        foreach (var part in before.Chunk(piece))
        {
            var copy = part.ToArray();
            scheme.Fix(copy);
            Assert.Equal(part, copy);
        }

        byte[] heads = [.. Frame(1, 5, Get), .. Frame(1, 4, Propfind), .. Frame(0, 1, [0x86, 0x86]), .. Frame(1, 5, Get)];
        scheme.Fix(heads);

        Assert.Equal(
            [.. Frame(1, 5, [0x82, 0x87, 0x84]), .. Frame(1, 4, [0x02, 8, .. "PROPFIND"u8, 0x87, 0x84]), .. Frame(0, 1, [0x86, 0x86]), .. Frame(1, 5, [0x82, 0x87, 0x84])],
            heads);
    }

    [Fact]
    public void What_does_not_begin_with_a_method_is_left_alone()
    {
        var scheme = new HttpsScheme();
        scheme.Fix(Encoding.ASCII.GetBytes(Preface));
        byte[] head = Frame(1, 5, [0x84, 0x86, 0x82]);

        scheme.Fix(head);

        Assert.Equal(Frame(1, 5, [0x84, 0x86, 0x82]), head);
    }

    [Fact]
    public void Bytes_of_any_kind_do_no_harm()
    {
        const int Seed = 20261121;
        var random = new Random(Seed);
        for (var i = 0; i < 2000; i++)
        {
            var scheme = new HttpsScheme();
            for (var writes = 0; writes < 5; writes++)
            {
                var bytes = new byte[random.Next(0, 200)];
                random.NextBytes(bytes);
                var before = bytes.ToArray();
                scheme.Fix(bytes);
                Assert.True(before.Zip(bytes).All(b => b.First == b.Second || (b.First == 0x86 && b.Second == 0x87)), $"seed {Seed}, round {i}");
            }
        }
    }

    private static byte[] Frame(byte type, byte flags, byte[] payload) => [0, 0, (byte)payload.Length, type, flags, 0, 0, 0, 1, .. payload];
}
