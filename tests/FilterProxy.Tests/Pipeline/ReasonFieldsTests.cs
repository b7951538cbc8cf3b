using System.Text;
using FilterProxy.Core.Pipeline;
using Xunit;

namespace FilterProxy.Tests.Pipeline;

public sealed class ReasonFieldsTests
{
    private readonly ReasonFields _fields = new("x-why"u8.ToArray());

    [Theory]
    [InlineData("rate_limited", "rate_limited")]
    [InlineData("no token", null)]
    [InlineData("naïve", null)]
    [InlineData("", null)]
    [InlineData("a\r\nb: c", null)]
    public void A_reason_that_is_a_token_is_said_the_first_time_and_later(string reason, string? said)
    {
        Assert.Equal(said, Say(_fields, reason));
        Assert.Equal(said, Say(_fields, reason));
    }

    [Fact]
    public void One_that_is_too_long_is_not_said()
    {
        Assert.NotNull(Say(_fields, new string('a', 64)));
        Assert.Null(Say(_fields, new string('a', 65)));
    }

    [Fact]
    public void Any_number_of_them_is_said()
    {
        for (var i = 0; i < 3000; i++)
        {
            Assert.Equal($"r{i}", Say(_fields, $"r{i}"));
        }
    }

    [Fact]
    public void Without_a_name_nothing_is_said() => Assert.Null(Say(new ReasonFields([]), "rate_limited"));

    private static string? Say(ReasonFields fields, string reason)
    {
        var headers = new HeaderMap(new HeadBlock());
        fields.AppendTo(headers, reason);
        return headers.TryGet("x-why"u8, out var value) ? Encoding.ASCII.GetString(value) : null;
    }
}
