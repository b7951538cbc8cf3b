using System.Diagnostics;
using System.Text;
using FilterProxy.Core.Config;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Tests.Config;

public sealed class ConfigFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20_260_101;
    private const int Rounds = 3_000;

    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", ":", ": ", "- ", "\n", "\n  ", "\t", "'", "\"", "&a ", "*a", "<<: ", "!x ", "${", "${NOPE}", "${PORT}", "$", "|", ">", "%", "#",
        "~", "off", "-1", "99999999999999999999", "1e9", "---\n", "...\n", "? ", "\0", "\ufeff", "\ud83d\ude00", "\ud83d", "\u0085", "static", "cluster: x",
    ];

    [Fact]
    public void A_damaged_configuration_is_loaded_or_refused_with_a_reason_but_never_throws()
    {
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var (loaded, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var text = Damage(FullConfig.Text, random);
            var started = Stopwatch.GetTimestamp();

            var (config, errors) = Parse(text, round);

            Assert.True(config is null != errors.IsEmpty, $"round {round}: a configuration exactly when there is no error, of\n{text}");
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), $"round {round} took too long, of\n{text}");
            var lines = text.AsSpan().Count('\n') + 2;
            Assert.All(errors.Items, error => Assert.True(
                error is { Message.Length: > 0, Location: { Line: >= 1, Column: >= 1 } } && error.Location.Line <= lines && !error.ToString().Contains('\n'),
                $"round {round}: '{error}' of\n{text}"));
            _ = config is null ? refused++ : loaded++;
        }

        output.WriteLine($"{loaded} loaded, {refused} refused");
        Assert.True(loaded > 0 && refused > 0, "the damage should be neither harmless nor always fatal");
    }

    [Fact]
    public void A_configuration_cut_anywhere_is_loaded_or_refused_with_a_reason()
    {
        for (var length = 0; length < FullConfig.Text.Length; length += 3)
        {
            var (config, errors) = Parse(FullConfig.Text[..length], length);

            Assert.True(config is null != errors.IsEmpty, $"cut at {length}");
        }
    }

    private static (ProxyConfig? Config, ConfigErrors Errors) Parse(string text, int round)
    {
        try
        {
            return ConfigLoader.Parse(text, "c.yaml", ConfigText.Environment);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"round {round} threw, of\n{text}", exception);
        }
    }

    private static string Damage(string text, Random random)
    {
        var damaged = new StringBuilder(text);
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var at = random.Next(damaged.Length);
            var length = Math.Min(random.Next(1, 12), damaged.Length - at);
            switch (random.Next(5))
            {
                case 0:
                    damaged.Remove(at, length);
                    break;
                case 1:
                    damaged.Insert(at, Fragments[random.Next(Fragments.Length)]);
                    break;
                case 2:
                    damaged[at] = (char)random.Next(1, 128);
                    break;
                case 3:
                    damaged.Insert(random.Next(damaged.Length), damaged.ToString(at, length));
                    break;
                default:
                    SwapValue(damaged, at, random);
                    break;
            }
        }

        return damaged.ToString();
    }

    // Puts a fragment in place of what follows a colon: the text stays YAML and gets through to the binder.
    private static void SwapValue(StringBuilder text, int from, Random random)
    {
        var all = text.ToString();
        var colon = all.IndexOf(": ", from, StringComparison.Ordinal);
        if (colon >= 0)
        {
            var end = all.AsSpan(colon + 2).IndexOfAny(",}]\n");
            text.Remove(colon + 2, Math.Max(end, 0)).Insert(colon + 2, Fragments[random.Next(Fragments.Length)]);
        }
    }
}
