using System.Net;
using FilterProxy.Filters.ReverseTunnel.Punch;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Punch;

/// <summary>What visitor and agent write to agree on a path.</summary>
public sealed class PathTextTests
{
    private static readonly byte[] Random32 = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly IPEndPoint[] Addresses = [IPEndPoint.Parse("192.0.2.1:5000"), IPEndPoint.Parse("[2001:db8::1]:65535"), IPEndPoint.Parse("10.0.0.1:1")];

    [Fact]
    public void What_is_written_is_read()
    {
        Assert.True(PathText.TryReadOffer(PathText.Write(new PathOffer(TimeSpan.FromSeconds(2), Random32, Addresses)), out var offer));
        Assert.Equal(TimeSpan.FromSeconds(2), offer!.Timeout);
        Assert.Equal(Random32, offer.Random);
        Assert.Equal(Addresses, offer.Candidates);
        Assert.True(PathText.TryReadOffer(PathText.Write((PathOffer?)null), out offer));
        Assert.Null(offer);

        Assert.True(PathText.TryReadAnswer(PathText.Write(new PathAnswer(null, Random32, Addresses)), out var answer));
        Assert.Equal((null, 3), (answer.Refusal, answer.Candidates.Count));
        Assert.True(PathText.TryReadAnswer(PathText.Write(PathAnswer.No("agent_busy")), out answer));
        Assert.Equal("agent_busy", answer.Refusal);

        Assert.True(PathText.TryReadVerdict(PathText.Write(true), out var isDirect) && isDirect);
        Assert.True(PathText.TryReadVerdict(PathText.Write(false), out isDirect) && !isDirect);
    }

    [Fact]
    public void No_more_than_eight_addresses_are_written_or_read()
    {
        var many = Enumerable.Range(1, 20).Select(port => new IPEndPoint(IPAddress.IPv6Loopback, port)).ToList();
        var text = PathText.Write(new PathOffer(TimeSpan.FromSeconds(1), Random32, many));

        Assert.InRange(text.Length, 1, 255);
        Assert.True(PathText.TryReadOffer(text, out var offer));
        Assert.Equal(8, offer!.Candidates.Count);
        text[2 + 32] = 9;
        Assert.False(PathText.TryReadOffer([.. text, .. text[^19..]], out _));
    }

    [Fact]
    public void What_is_cut_off_or_goes_on_is_malformed()
    {
        var offer = PathText.Write(new PathOffer(TimeSpan.FromSeconds(2), Random32, Addresses));
        var answer = PathText.Write(new PathAnswer(null, Random32, Addresses));
        var refusal = PathText.Write(PathAnswer.No("agent_busy"));
        for (var length = 1; length < offer.Length; length++)
        {
            Assert.False(PathText.TryReadOffer(offer.AsSpan(0, length), out _));
        }

        foreach (var whole in new[] { answer, refusal })
        {
            for (var length = 0; length < whole.Length; length++)
            {
                Assert.False(PathText.TryReadAnswer(whole.AsSpan(0, length), out _));
            }

            Assert.False(PathText.TryReadAnswer([.. whole, 0], out _));
        }

        Assert.False(PathText.TryReadOffer([.. offer, 0], out _));
        Assert.False(PathText.TryReadAnswer([3, (byte)'a', (byte)'\n', (byte)'c'], out _));
        Assert.False(PathText.TryReadVerdict([], out _));
        Assert.False(PathText.TryReadVerdict([2], out _));
        Assert.False(PathText.TryReadVerdict([1, 1], out _));
    }

    [Fact]
    public void No_bytes_at_all_do_harm()
    {
        const int seed = 77_001;
        var random = new Random(seed);
        var samples = new[] { PathText.Write(new PathOffer(TimeSpan.FromSeconds(2), Random32, Addresses)), PathText.Write(new PathAnswer(null, Random32, Addresses)) };
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = samples[random.Next(2)].ToArray();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var text = bytes.AsMemory(0, random.Next(bytes.Length + 1));
            try
            {
                _ = PathText.TryReadOffer(text.Span, out _) & PathText.TryReadAnswer(text.Span, out _) & PathText.TryReadVerdict(text.Span, out _);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, turn {i}, {Convert.ToHexString(text.Span)}: {e}");
            }
        }
    }

    [Theory]
    [InlineData("192.0.2.1:5000", true)]
    [InlineData("10.0.0.1:1", true)]
    [InlineData("[2001:db8::1]:5000", true)]
    [InlineData("[::ffff:192.0.2.1]:5000", true)]
    [InlineData("192.0.2.1:0", false)]
    [InlineData("0.0.0.0:5000", false)]
    [InlineData("0.1.2.3:5000", false)]
    [InlineData("224.0.0.1:5000", false)]
    [InlineData("239.1.2.3:5000", false)]
    [InlineData("255.255.255.255:5000", false)]
    [InlineData("127.0.0.1:53", false)]
    [InlineData("127.9.9.9:53", false)]
    [InlineData("[::ffff:127.0.0.1]:53", false)]
    [InlineData("[::ffff:224.0.0.1]:53", false)]
    [InlineData("[::]:5000", false)]
    [InlineData("[::1]:5000", false)]
    [InlineData("[ff02::1]:5000", false)]
    [InlineData("[fe80::1]:5000", false)]
    public void Only_what_can_be_one_machines_address_elsewhere_is_tried(string address, bool isTried) =>
        Assert.Equal(isTried, Candidates.Usable([IPEndPoint.Parse(address)], [IPEndPoint.Parse("192.0.2.9:1")]).Count == 1);

    [Fact]
    public void Who_is_seen_at_a_loopback_address_itself_may_try_another_there() =>
        Assert.Single(Candidates.Usable([IPEndPoint.Parse("127.0.0.1:5000")], [IPEndPoint.Parse("127.0.0.1:6000")]));
}
