using System.Text;
using Xunit;

namespace FilterProxy.Tests.Abstractions;

public class KnownHeadersTests
{
    public static TheoryData<KnownHeader> All => new(Enum.GetValues<KnownHeader>().Where(h => h != KnownHeader.Unknown));

    [Theory]
    [MemberData(nameof(All))]
    public void Every_member_is_found_by_its_name_in_any_case(KnownHeader header)
    {
        var name = Encoding.ASCII.GetString(KnownHeaders.GetName(header));
        var random = new Random((int)header);
        Assert.True(HeaderName.IsToken(KnownHeaders.GetName(header)));
        Assert.Equal(header, KnownHeaders.Find(KnownHeaders.GetName(header)));
        Assert.Equal(header, KnownHeaders.Find(Encoding.ASCII.GetBytes(name.ToLowerInvariant())));
        Assert.Equal(header, KnownHeaders.Find(Encoding.ASCII.GetBytes(name.ToUpperInvariant())));
        for (var i = 0; i < 50; i++)
        {
            var mixed = string.Concat(name.Select(c => random.Next(2) == 0 ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)));
            Assert.True(KnownHeaders.Find(Encoding.ASCII.GetBytes(mixed)) == header, $"seed {(int)header}: {mixed}");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_name_that_differs_by_one_byte_is_another(KnownHeader header)
    {
        var name = KnownHeaders.GetName(header).ToArray();
        for (var i = 0; i < name.Length; i++)
        {
            var other = (byte[])name.Clone();
            other[i] = (byte)'_';
            Assert.NotEqual(header, KnownHeaders.Find(other));
        }

        Assert.NotEqual(header, KnownHeaders.Find([.. name, (byte)'s']));
        Assert.NotEqual(header, KnownHeaders.Find(name.AsSpan(0, name.Length - 1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("x-unknown")]
    [InlineData("contentlength")]
    public void Other_names_are_unknown(string name) => Assert.Equal(KnownHeader.Unknown, KnownHeaders.Find(Encoding.ASCII.GetBytes(name)));

    [Theory]
    [InlineData(KnownHeader.ContentLength, "Content-Length")]
    [InlineData(KnownHeader.ETag, "ETag")]
    [InlineData(KnownHeader.TE, "TE")]
    [InlineData(KnownHeader.WWWAuthenticate, "WWW-Authenticate")]
    [InlineData(KnownHeader.XForwardedFor, "X-Forwarded-For")]
    [InlineData(KnownHeader.XRealIP, "X-Real-IP")]
    [InlineData(KnownHeader.TraceParent, "traceparent")]
    public void Names_are_spelled_as_their_specifications_do(KnownHeader header, string name) =>
        Assert.Equal(name, Encoding.ASCII.GetString(KnownHeaders.GetName(header)));

    [Fact]
    public void Members_fit_into_the_presence_mask() => Assert.InRange(KnownHeaders.Count, 2, 64);
}
