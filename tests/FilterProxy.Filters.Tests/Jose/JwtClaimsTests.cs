extern alias jwt_auth;

using System.Globalization;
using System.Text;
using System.Text.Json;
using jwt_auth::FilterProxy.Filters.Jose;
using Xunit;

namespace FilterProxy.Filters.Tests.Jose;

/// <summary>Claims are read in one pass where that can be; it must say what reading the whole text says.</summary>
public sealed class JwtClaimsTests
{
    private static readonly string[] Names = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "roles", "a.b", "a", "ü", "\\u0061", ""];
    private static readonly string[] Wanted = ["shop", "7", "1e3", "true", "null", "ü", "[1]", ""];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void One_pass_judges_and_gives_what_reading_the_whole_text_does(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 3_000; i++)
        {
            var text = Spoil(Encoding.UTF8.GetBytes(ObjectText(random, depth: 0)), random);
            var shown = $"seed {seed}, {i}: {Encoding.UTF8.GetString(text)}";
            var holds = StrictJson.TryParseObject(text, out var root, out var problem);
            var claims = JwtClaims.Read(text, out var failure);
            if (!holds)
            {
                Assert.True(claims is null && failure.Detail == $"its payload is {problem}", shown + " " + failure.Detail + " " + problem);
            }
            else if (claims is not null)
            {
                Compare(claims, root, shown);
            }
            else
            {
                // Registered claims of a wrong type.
                Assert.True(failure.Detail.EndsWith("is no text", StringComparison.Ordinal) || failure.Detail.EndsWith("is no time", StringComparison.Ordinal), shown);
            }
        }
    }

    [Theory]
    [InlineData("""{"a":{"x":1,"x":2}}""")]
    [InlineData("""{"a":[{"x":1},{"y":{"z":1,"z":1}}]}""")]
    [InlineData("""{"a":1,"b":{"a":1},"a":1}""")]
    public void A_member_twice_is_found_wherever_it_is(string text) => Assert.Null(JwtClaims.Read(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("""{"a":[{"x":1},{"x":2}],"b":{"x":{"x":1}},"x":1}""")]
    [InlineData("""{"x":[[{"x":[]}]]}""")]
    public void The_same_name_in_two_objects_is_no_member_twice(string text) => Assert.NotNull(JwtClaims.Read(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1_000)]
    public void However_many_members_there_are_the_last_one_is_found(int count)
    {
        var text = "{" + string.Join(',', Enumerable.Range(1, count).Select(n => $"\"m{n}\":\"v{n}\"")) + "}";

        Assert.Equal($"v{count}", JwtClaims.Read(Encoding.UTF8.GetBytes(text), out _)!.FirstText($"m{count}"));
        Assert.Null(JwtClaims.Read(Encoding.UTF8.GetBytes(text[..^1] + ",\"m1\":1}"), out _));
    }

    [Fact]
    public void Times_are_read_to_the_fraction_and_only_where_they_are_times()
    {
        var claims = JwtClaims.Read("""{"exp":1700000000.5,"nbf":0,"iat":17e8}"""u8, out _)!;
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_500), claims.Expires);
        Assert.Equal(DateTimeOffset.UnixEpoch, claims.NotBefore);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), claims.IssuedAt);
        foreach (var time in (string[])["-1", "253402300800", "1e400", "\"1\"", "null", "[1]", "99999999999999999999"])
        {
            Assert.Null(JwtClaims.Read(Encoding.UTF8.GetBytes($"{{\"exp\":{time}}}"), out _));
        }
    }

    private static void Compare(JwtClaims claims, JsonElement root, string shown)
    {
        Assert.Equal(root.GetRawText(), claims.Root.GetRawText());
        Assert.Equal(root.TryGetText("iss", out var issuer) ? issuer : null, claims.Issuer);
        foreach (var name in (string[])[.. Names, "missing", "a.b.c"])
        {
            var found = Find(root, name, out var value);
            Assert.True(found == claims.TryGet(name, out var given), shown + " " + name);
            Assert.Equal(found ? value.GetRawText() : "", found ? given.GetRawText() : "");
            Assert.Equal(found && value.ValueKind == JsonValueKind.Array, claims.IsList(name));
            string[] texts = !found ? [] : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(TextOf).OfType<string>()] : TextOf(value) is { } one ? [one] : [];
            Assert.Equal(texts, claims.Texts(name));
            Assert.Equal(texts.FirstOrDefault(), claims.FirstText(name));
            foreach (var wanted in Wanted)
            {
                Assert.True(texts.Contains(wanted) == claims.HasText(name, [wanted]), $"{shown} {name} {wanted}");
            }
        }
    }

    private static bool Find(JsonElement root, string path, out JsonElement value)
    {
        if (root.TryGetProperty(path, out value))
        {
            return true;
        }

        value = root;
        return path.Contains('.') && Follow(ref value, path.Split('.'));
    }

    private static bool Follow(ref JsonElement value, string[] names)
    {
        foreach (var name in names)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                return false;
            }
        }

        return true;
    }

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };

    private static string ObjectText(Random random, int depth)
    {
        // Mostly each name once: otherwise hardly any text would hold.
        var names = Names.OrderBy(_ => random.Next()).Take(random.Next(Names.Length)).ToList();
        if (random.Next(20) == 0 && names.Count > 0)
        {
            names.Add(names[0]);
        }

        return "{" + string.Join(random.Next(5) == 0 ? " ,\n" : ",", names.Select(name => $"\"{name}\":{ValueText(random, name, depth)}")) + "}";
    }

    private static string ValueText(Random random, string name, int depth) => name switch
    {
        "exp" or "nbf" or "iat" when depth == 0 && random.Next(10) > 0 => random.Next().ToString(CultureInfo.InvariantCulture),
        "iss" or "sub" or "jti" when depth == 0 && random.Next(10) > 0 => "\"shop\"",
        _ => (depth > 3 ? random.Next(8) : random.Next(12)) switch
        {
            0 => "true",
            1 => "null",
            2 => "7",
            3 => "1e3",
            4 => "\"\"",
            5 => "\"ü\"",
            6 => random.Next(10) == 0 ? "\"\\u00fc\"" : "\"shop\"",
            7 => random.Next(40) == 0 ? "\"\\ud800\"" : "\"null\"",
            8 or 9 => ObjectText(random, depth + 1),
            _ => "[" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => ValueText(random, "", depth + 1))) + "]",
        },
    };

    private static byte[] Spoil(byte[] text, Random random)
    {
        if (random.Next(4) > 0 || text.Length == 0)
        {
            return text;
        }

        var at = random.Next(text.Length);
        switch (random.Next(4))
        {
            case 0:
                return text[..at];
            case 1:
                text[at] = (byte)random.Next(256);
                return text;
            case 2:
                return [.. text, (byte)"{}] "[random.Next(4)]];
            default:
                return [.. text[..at], (byte)"{}[],:\" 0"[random.Next(9)], .. text[at..]];
        }
    }
}
