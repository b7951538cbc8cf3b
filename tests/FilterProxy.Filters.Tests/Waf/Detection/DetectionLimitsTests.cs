using System.Text;
using FilterProxy.Filters.Waf.Detection;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>What any input may cost: no memory, and work in proportion to its length.</summary>
public sealed class DetectionLimitsTests(ITestOutputHelper output)
{
    private const int Length = 64 * 1024;
    private const int Seed = 20260419;
    private const int Rounds = 20_000;

    // Three quotes by two dialects, each passing every byte once and making at most a token of each.
    private const int SqlStepsPerByte = 3 * 2 * 2;

    // Six contexts, likewise; a name and its value may be a token of one byte each.
    private const int XssStepsPerByte = 6 * 2;

    private static readonly string[] Units =
    [
        "'", "\"", "`", "''", "\\", "\\'", "(", ")", "((1)", "1+", "-", "--", "-- \n", "--\n", "#\n", "#", "/*", "/**/", "*/", "/*!", "/*!1",
        "/*! */", "1;", ";", "1,", "a.", ".", "1.", "1e", "0x", "@", "@@", "@'", "$", "$a", "$a$", "$$", "[", "]", "{", "}",
        "q'[", "q'", "n'", "_a'", "1 or ", "1 and (", "not ", "!", "~", "case when ", "select ", "(select ", "union ", "union select ", "sleep(",
        "substring(1 from ", "concat(1,", "a(", "1=1=", "'='", "' or '", "or ", "\0", "\u00a0", " ", "\n", "x",
        "order by 1,", ";;", "; exec ", "if ", "::", "::a", "1::int", "||", "&&", "'a' 'b' ", "in (", "1 in (1) or ",
        "<", "<<", "<a ", "<a/", "<a=", "</", "</a", "<!", "<!-", "<!--", "<!-->", "<!---", "<!--a--", "--!", "-->", "<?", "<![", "<a b='",
        "<a b=\"", "<a b=", "=", "= ", "a=", "a= ", "a=b ", "/", "/=", ">", "><", "<a>", "&#", "<a href=&#0;", "<a href='&#0000000",
        "<a style=url(", "<a style='url(\t", "<a style='exp", "on", "onx=", "<on", "<a on", "<script", "\"=", "'=", "`=", "<a '", "<a \"", "<\0",
        "<a:", "<:",
    ];

    public static TheoryData<string> Hostile { get; } = new(Units);

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Sixty_four_kilobytes_cost_steps_in_proportion(string unit)
    {
        Span<byte> fingerprint = stackalloc byte[SqlDetector.FingerprintLength];
        foreach (var prefix in new[] { "", "8 or '", "<a b='" })
        {
            var input = Encoding.UTF8.GetBytes(prefix + string.Concat(Enumerable.Repeat(unit, Length / unit.Length)));

            SqlDetector.IsInjection(input, fingerprint, out _, out var sql);
            XssDetector.IsInjection(input, out var xss);

            Assert.InRange(sql, 0, SqlStepsPerByte * (input.Length + 16));
            Assert.InRange(xss, 0, XssStepsPerByte * (input.Length + 16));
        }
    }

    [Fact]
    public void No_call_allocates()
    {
        byte[][] inputs =
        [
            .. new[]
            {
                "it's a plain sentence, isn't it?", "8 or 3=3", "sam' or concat(1,(select 2))=2 -- -", "sam\\' union select $$a$$",
                "<p class='a'>x</p><a href='&#106;avascript:z()'>", "x\" onclick=\"z()", "<!-- a --><b style='a:b'>c</b>", "{\"a\":\"b\"}",
            }.Select(Encoding.UTF8.GetBytes),
        ];

        var allocated = Allocations.Of(() =>
        {
            Span<byte> fingerprint = stackalloc byte[SqlDetector.FingerprintLength];
            foreach (var input in inputs)
            {
                SqlDetector.IsInjection(input, fingerprint, out _);
                XssDetector.IsInjection(input);
            }
        });

        Assert.Equal(0, allocated);
    }

    // Exactly as long as its content and in memory of its own, so that a read beyond it is an exception and not a neighbour.
    [Fact]
    public void No_input_is_too_strange()
    {
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var parts = AttackCorpus.Sql().Concat(AttackCorpus.Xss()).Concat(BenignCorpus.Tuned(300).Select(text => text.Value)).Concat(Units)
            .Select(text => Encoding.UTF8.GetBytes(text)).ToArray();
        var injections = 0;
        Span<byte> fingerprint = stackalloc byte[SqlDetector.FingerprintLength];
        for (var round = 0; round < Rounds; round++)
        {
            var input = Mutate(random, parts);
            var isInjection = SqlDetector.IsInjection(input, fingerprint, out var length, out var steps);

            Assert.InRange(length, isInjection ? 1 : 0, isInjection ? SqlDetector.FingerprintLength : 0);
            Assert.InRange(steps, 0, SqlStepsPerByte * (input.Length + 16));
            injections += isInjection ? 1 : 0;
            injections += XssDetector.IsInjection(input, out steps) ? 1 : 0;
            Assert.InRange(steps, 0, XssStepsPerByte * (input.Length + 16));
        }

        Assert.InRange(injections, 1, Rounds);
    }

    private static byte[] Mutate(Random random, byte[][] parts)
    {
        var bytes = new List<byte>();
        for (var part = random.Next(1, 4); part > 0; part--)
        {
            var source = parts[random.Next(parts.Length)];
            var start = random.Next(source.Length);
            bytes.AddRange(source.AsSpan(random.Next(2) == 0 ? 0 : start, random.Next(source.Length - start + 1)));
        }

        for (var change = random.Next(4); change > 0 && bytes.Count > 0; change--)
        {
            switch (random.Next(3))
            {
                case 0:
                    bytes[random.Next(bytes.Count)] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(random.Next(bytes.Count));
                    break;
                default:
                    bytes.Insert(random.Next(bytes.Count + 1), "'\"`()/*-#;=<>&\\\0\u00a0"u8[random.Next(16)]);
                    break;
            }
        }

        return [.. bytes];
    }
}
