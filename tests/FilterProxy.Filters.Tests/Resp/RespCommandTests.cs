using System.Text;
using FilterProxy.Filters.Resp;
using Xunit;

namespace FilterProxy.Filters.Tests.Resp;

/// <summary>Commands as they are sent, and where they belong.</summary>
public sealed class RespCommandTests
{
    [Fact]
    public void Arguments_are_counted_byte_strings() =>
        Assert.Equal("*3\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$3\r\n-12\r\n", Encoding.UTF8.GetString(new RespCommand(3).Add("SET"u8).Add("a\r\nb").Add(-12).Encoded));

    [Fact]
    public void A_command_with_an_argument_too_few_is_not_sent()
    {
        var command = new RespCommand(2).Add("GET"u8);
        Assert.Throws<InvalidOperationException>(() => command.Encoded.Length);
    }

    [Theory]
    [InlineData("123456789", 0x31C3)]
    [InlineData("foo", 12182)]
    [InlineData("{foo}bar", 12182)]
    [InlineData("a{foo}{bar}", 12182)]
    [InlineData("foo{}", 5542)]
    public void A_key_is_in_its_slot(string key, int slot) => Assert.Equal(slot, new RespCommand(2).Add("GET"u8).AddKey(key).Slot);
}
