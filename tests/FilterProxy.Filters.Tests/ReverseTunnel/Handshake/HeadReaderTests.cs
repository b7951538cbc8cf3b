using System.IO.Pipelines;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Handshake;

public sealed class HeadReaderTests
{
    private const string Head = "GET /a HTTP/1.1\r\nHost: hub\r\nX-One:  1 \r\nx-one:2\r\n\r\n";

    [Fact]
    public async Task A_head_is_read_the_same_wherever_it_is_split_and_what_follows_stays()
    {
        for (var split = 0; split <= Head.Length; split++)
        {
            var pipe = new Pipe();
            await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(Head[..split]));
            var reading = HeadReader.ReadAsync(pipe.Reader, 1024, default).AsTask();
            await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(Head[split..] + "PRI *"));

            var (end, head, _) = await reading;

            Assert.Equal(HeadReader.End.Complete, end);
            Assert.Equal(("GET /a HTTP/1.1", "1|2"), (head!.StartLine, string.Join('|', head.Values("x-one"))));
            Assert.Equal("PRI *", await RestAsync(pipe));
        }
    }

    [Fact]
    public async Task A_head_that_comes_byte_by_byte_is_read()
    {
        var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 1));
        var reading = HeadReader.ReadAsync(pipe.Reader, 1024, default).AsTask();
        foreach (var one in Encoding.ASCII.GetBytes(Head))
        {
            await pipe.Writer.WriteAsync(new[] { one });
        }

        Assert.Equal(HeadReader.End.Complete, (await reading).End);
    }

    [Fact]
    public async Task A_head_that_is_cut_anywhere_is_none()
    {
        for (var length = 0; length < Head.Length; length++)
        {
            var pipe = new Pipe();
            await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(Head[..length]));
            await pipe.Writer.CompleteAsync();

            var (end, head, problem) = await HeadReader.ReadAsync(pipe.Reader, 1024, default);

            Assert.Equal((HeadReader.End.Closed, true), (end, head is null));
            Assert.Contains(length == 0 ? "nothing" : $" {length} bytes", problem, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("\r\nGET / HTTP/1.1\r\n\r\n")]
    [InlineData("\nGET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\nHost: hub\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: hub\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: hub\r\n\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost : hub\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: hub\r\n folded\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n: hub\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: h\u00e9\r\n\r\n")]
    public async Task What_two_readers_could_take_for_two_things_is_no_head(string text)
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.Latin1.GetBytes(text));

        Assert.Equal(HeadReader.End.Malformed, (await HeadReader.ReadAsync(pipe.Reader, 1024, default)).End);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nx: ", 'a')]
    [InlineData("", 'a')]
    public async Task A_head_without_an_end_is_given_up_at_the_limit(string begin, char filler)
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(begin + new string(filler, 600 - begin.Length)));
        var reading = HeadReader.ReadAsync(pipe.Reader, 1000, default).AsTask();
        Assert.False(reading.IsCompleted);
        await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(new string(filler, 401)));

        Assert.Equal(HeadReader.End.TooLarge, (await reading).End);
    }

    private static async Task<string> RestAsync(Pipe pipe)
    {
        await pipe.Writer.CompleteAsync();
        var read = await pipe.Reader.ReadAsync();
        return Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer));
    }
}
