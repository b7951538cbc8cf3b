extern alias jwt_auth;

using System.Buffers;
using System.Buffers.Text;
using System.Text;
using jwt_auth::FilterProxy.Filters.Jose;
using Xunit;

namespace FilterProxy.Filters.Tests.Jose;

public sealed class Base64UrlTextTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void One_spelling_of_each_value_is_taken_and_no_other(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 5_000; i++)
        {
            var value = new byte[random.Next(random.Next(8) == 0 ? 2_000 : 40)];
            random.NextBytes(value);
            var text = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(value));
            Assert.True(Base64UrlText.TryDecode(text, out var decoded), $"seed {seed}, {i}");
            Assert.Equal(value, decoded);

            var other = Change(text, random);
            var taken = Base64UrlText.TryDecode(other, out decoded);
            Assert.True(taken == IsCanonical(other), $"seed {seed}, {i}: {Encoding.Latin1.GetString(other)}");
            Assert.Equal(taken ? Encoding.Latin1.GetString(other) : "", Base64Url.EncodeToString(decoded));
        }
    }

    private static bool IsCanonical(byte[] text)
    {
        var decoded = new byte[text.Length];
        return text.All(digit => char.IsAsciiLetterOrDigit((char)digit) || digit is (byte)'-' or (byte)'_')
            && Base64Url.DecodeFromUtf8(text, decoded, out _, out var length) == OperationStatus.Done
            && Base64Url.EncodeToString(decoded.AsSpan(0, length)) == Encoding.ASCII.GetString(text);
    }

    private static byte[] Change(byte[] text, Random random)
    {
        var at = random.Next(text.Length + 1);
        var digit = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"AQgw-_+/= \t\r\n."[random.Next(14)];
        return random.Next(3) switch
        {
            0 => [.. text[..at], digit, .. text[at..]],
            1 when at < text.Length => [.. text[..at], .. text[(at + 1)..]],
            _ when text.Length > 0 => [.. text[..^1], digit],
            _ => [digit],
        };
    }
}
