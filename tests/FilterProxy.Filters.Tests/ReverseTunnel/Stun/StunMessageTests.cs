using System.Net;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Stun;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Stun;

/// <summary>STUN messages as bytes.</summary>
public sealed class StunMessageTests
{
    // RFC 5769 §2.1 to §2.3.
    private const string Transaction = "b7e7a701bc34d686fa87dfae";
    private const string IceRequest =
        "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36"
        + "000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf";

    private const string FourAnswer =
        "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
        + "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";

    private const string SixAnswer =
        "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
        + "00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";

    private static readonly byte[] Own = Convert.FromHexString(Transaction);

    [Theory]
    [InlineData(FourAnswer, "192.0.2.1:32853")]
    [InlineData(SixAnswer, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    public void The_answers_of_RFC_5769_are_read(string answer, string expected) =>
        Assert.Equal(IPEndPoint.Parse(expected), StunMessage.ReadAnswer(Convert.FromHexString(answer), Own));

    [Fact]
    public void A_request_with_attributes_that_must_be_understood_and_are_not_has_no_answer() =>
        Assert.True(StunMessage.TransactionOf(Convert.FromHexString(IceRequest)).IsEmpty);

    [Theory]
    [InlineData("192.0.2.7:1", "192.0.2.7:1")]
    [InlineData("[2001:db8::7]:65535", "[2001:db8::7]:65535")]
    [InlineData("[::ffff:10.0.0.1]:40000", "10.0.0.1:40000")]
    public void What_a_server_writes_a_client_reads(string client, string expected)
    {
        var (request, answer) = (new byte[StunMessage.RequestLength], new byte[StunMessage.LongestAnswer]);
        StunMessage.WriteRequest(Own, request);
        Assert.Equal(Own, StunMessage.TransactionOf(request).ToArray());

        var length = StunMessage.WriteAnswer(Own, IPEndPoint.Parse(client), answer);

        Assert.Equal(IPEndPoint.Parse(expected), StunMessage.ReadAnswer(answer.AsSpan(0, length), Own));
    }

    [Fact]
    public void A_request_with_a_name_of_its_software_is_read()
    {
        var request = Convert.FromHexString("000100102112a442" + Transaction + "8022000b" + Convert.ToHexString(Encoding.ASCII.GetBytes("test vector\0")));

        Assert.Equal(Own, StunMessage.TransactionOf(request).ToArray());
    }

    [Fact]
    public void The_answer_to_another_request_is_none()
    {
        foreach (var at in new[] { 0, 5, 11 })
        {
            var other = Own.ToArray();
            other[at] ^= 1;

            Assert.Null(StunMessage.ReadAnswer(Convert.FromHexString(FourAnswer), other));
        }
    }

    [Theory]
    [InlineData(FourAnswer)]
    [InlineData(SixAnswer)]
    public void What_is_cut_off_anywhere_is_none(string answer)
    {
        var whole = Convert.FromHexString(answer);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(StunMessage.ReadAnswer(whole.AsSpan(0, length), Own));

            // Also where the header says that this is all.
            var cut = whole[..length];
            if (length >= 20)
            {
                (cut[2], cut[3]) = ((byte)((length - 20) >> 8), (byte)(length - 20));
                _ = StunMessage.ReadAnswer(cut, Own);
            }
        }
    }

    [Theory]
    [InlineData("0101000021 12a443", "another cookie")]
    [InlineData("0111000021 12a442", "an error")]
    [InlineData("4101000021 12a442", "a first bit")]
    [InlineData("0101000021 12a442", "no address")]
    [InlineData("0101000821 12a442 0020000400 01a147", "an address without bytes")]
    [InlineData("0101000c21 12a442 0020000800 03a147e112a643", "another family")]
    [InlineData("0101000c21 12a442 0020000800 02a147e112a643", "four bytes as IPv6")]
    [InlineData("0101000c21 12a442 002000ff00 01a147e112a643", "a length beyond the end")]
    [InlineData("0101000e21 12a442 0020000800 01a147e112a6430000", "half an attribute behind")]
    public void What_is_malformed_is_none(string start, string what)
    {
        var text = start.Replace(" ", "", StringComparison.Ordinal);

        Assert.True(StunMessage.ReadAnswer(Convert.FromHexString(text[..16] + Transaction + text[16..]), Own) is null, what);
    }

    [Fact]
    public void No_bytes_at_all_do_harm()
    {
        const int seed = 20_260_311;
        var random = new Random(seed);
        var samples = new[] { IceRequest, FourAnswer, SixAnswer }.Select(Convert.FromHexString).ToArray();
        for (var i = 0; i < 200_000; i++)
        {
            var bytes = samples[random.Next(samples.Length)].ToArray();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var length = random.Next(bytes.Length + 1);
            try
            {
                _ = StunMessage.ReadAnswer(bytes.AsSpan(0, length), Own);
                _ = StunMessage.TransactionOf(bytes.AsSpan(0, length));
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, turn {i}, {Convert.ToHexString(bytes.AsSpan(0, length))}: {e}");
            }
        }
    }
}
