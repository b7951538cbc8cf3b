using System.Buffers;
using System.Text;
using FilterProxy.Filters.Resp;
using Xunit;

namespace FilterProxy.Filters.Tests.Resp;

/// <summary>The reader of the protocol, on good bytes in pieces and on bad bytes.</summary>
public sealed class RespReaderTests
{
    private const string All =
        "+OK\r\n-ERR no\r\n:-12\r\n$5\r\nhe\r\no\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*3\r\n:1\r\n*2\r\n+a\r\n$1\r\nb\r\n:2\r\n" +
        "_\r\n#t\r\n#f\r\n,3.25\r\n(3492890328409238509324850943850943825024385\r\n!9\r\nBAD thing\r\n=6\r\ntxt:hi\r\n" +
        "~2\r\n:1\r\n:2\r\n%2\r\n+k\r\n:1\r\n+l\r\n*1\r\n_\r\n>2\r\n+message\r\n+x\r\n|1\r\n+ttl\r\n:3\r\n*2\r\n|1\r\n+a\r\n+b\r\n:7\r\n:8\r\n|0\r\n:9\r\n";

    private const string Dump =
        "Simple:OK Error:ERR no Integer:-12 Bulk:he\r\no Bulk: Null Null Array() Array(Integer:1 Array(Simple:a Bulk:b) Integer:2) " +
        "Null Boolean:1 Boolean:0 Number:3.25 Number:3492890328409238509324850943850943825024385 Error:BAD thing Bulk:hi " +
        "Array(Integer:1 Integer:2) Map(Simple:k Integer:1 Simple:l Array(Null)) Push(Simple:message Simple:x) Array(Integer:7 Integer:8) Integer:9";

    [Fact]
    public void Every_kind_of_value_is_read() => Assert.Equal(Dump, ReadAll([Encoding.UTF8.GetBytes(All)]));

    [Fact]
    public void A_value_may_come_in_two_pieces_split_anywhere()
    {
        var bytes = Encoding.UTF8.GetBytes(All);
        for (var split = 0; split <= bytes.Length; split++)
        {
            Assert.Equal((split, Dump), (split, ReadAll([bytes[..split], bytes[split..]])));
        }
    }

    [Fact]
    public void A_value_may_come_byte_by_byte() => Assert.Equal(Dump, ReadAll([.. Encoding.UTF8.GetBytes(All).Select(b => new[] { b })]));

    [Theory]
    [InlineData("hello\r\n")]
    [InlineData("\r\n")]
    [InlineData(":\r\n")]
    [InlineData(":1x\r\n")]
    [InlineData(":99999999999999999999\r\n")]
    [InlineData(":000000000000000000000000000001\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$2\r\nabc\r\n")]
    [InlineData("$1000000000\r\n")]
    [InlineData("*-2\r\n")]
    [InlineData("*1000000000\r\n")]
    [InlineData("%-1\r\n")]
    [InlineData("$?\r\n")]
    [InlineData("*?\r\n")]
    [InlineData("#y\r\n")]
    [InlineData("_x\r\n")]
    [InlineData("=3\r\nabc\r\n")]
    [InlineData("+a\nb\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n")]
    public void What_is_not_the_protocol_or_too_much_is_refused(string text) => Assert.Equal("Invalid", ReadAll([Encoding.UTF8.GetBytes(text)]));

    [Fact]
    public void A_line_without_an_end_is_refused_before_it_fills_memory() => Assert.Equal("Invalid", ReadAll([Encoding.UTF8.GetBytes("+" + new string('a', 20_000))]));

    [Fact]
    public void Values_that_are_too_large_together_are_refused()
    {
        var one = "$1000\r\n" + new string('a', 1000) + "\r\n";
        Assert.Equal("Invalid", ReadAll([Encoding.UTF8.GetBytes("*1000\r\n" + string.Concat(Enumerable.Repeat(one, 1000)))], max: 100_000));
    }

    [Fact]
    public void What_is_only_announced_takes_no_memory()
    {
        var bytes = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes("*200000\r\n"));
        var reader = new RespReader(1 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(RespStatus.NeedMore, reader.Read(ref bytes, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    [Fact]
    public void No_bytes_make_it_fail_or_read_beyond_them()
    {
        const int Seed = 20250713;
        var random = new Random(Seed);
        var good = Encoding.UTF8.GetBytes(All);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = good.ToArray();
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : good[random.Next(good.Length)];
            }

            var split = random.Next(bytes.Length);
            var exception = Record.Exception(() => ReadAll([bytes[..split], bytes[split..]]));
            Assert.True(exception is null, $"seed {Seed}, round {round}: {exception}");
        }
    }

    private static string ReadAll(byte[][] pieces, int max = 1 << 20)
    {
        var reader = new RespReader(max);
        var found = new List<string>();
        var rest = Array.Empty<byte>();
        foreach (var piece in pieces)
        {
            rest = [.. rest, .. piece];
            var buffer = new ReadOnlySequence<byte>(rest);
            RespStatus status;
            while ((status = reader.Read(ref buffer, out var value)) == RespStatus.Complete)
            {
                found.Add(Show(value));
            }

            rest = buffer.ToArray();
            if (status == RespStatus.Invalid)
            {
                found.Add("Invalid");
                break;
            }
        }

        return string.Join(' ', found);
    }

    private static string Show(RespValue value) => value.Kind switch
    {
        RespKind.Null => "Null",
        RespKind.Array or RespKind.Map or RespKind.Push => $"{value.Kind}({string.Join(' ', value.Items.Select(Show))})",
        _ => $"{value.Kind}:{value.Text}",
    };
}
