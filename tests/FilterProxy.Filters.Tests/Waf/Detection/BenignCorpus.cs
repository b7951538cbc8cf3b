using System.Text;

namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>
/// What people type into forms, made from templates of our own and a fixed seed. The rules were tuned on other text; this set is held out: a
/// value it makes that is taken for an attack is counted, not tuned away.
/// </summary>
internal static class BenignCorpus
{
    public const int Seed = 20261121;
    public const int Count = 6000;

    public static IEnumerable<(string Kind, string Value)> Make(int seed = Seed, int count = Count)
    {
        var words = new BenignWords(new Random(seed));
        for (var i = 0; i < count; i++)
        {
            yield return (i % 12) switch
            {
                0 => ("name", words.Fill(BenignTemplates.Names)),
                1 => ("SQL-like prose", words.Fill(BenignTemplates.SqlProse)),
                2 => ("markdown", words.Fill(BenignTemplates.Markdown)),
                3 => ("code", words.Fill(BenignTemplates.Code)),
                4 => ("JSON", words.Fill(BenignTemplates.Json)),
                5 => ("mail", words.Fill(BenignTemplates.Mail)),
                6 => ("math", words.Fill(BenignTemplates.Math)),
                7 => ("address", words.Fill(BenignTemplates.Addresses)),
                8 => ("comment", words.Fill(BenignTemplates.Comments)),
                9 => ("comment with HTML", words.Fill(BenignTemplates.LightHtml)),
                10 => ("search", words.Fill(BenignTemplates.Searches)),
                _ => ("other script", words.OtherScript()),
            };
        }
    }

    /// <summary>
    /// As the rule set's transformations leave it: every character beyond ASCII becomes the low byte of its code point, so that a letter may turn
    /// into a quote or a bracket.
    /// </summary>
    public static byte[] Transformed(string value)
    {
        var bytes = new List<byte>();
        foreach (var rune in value.EnumerateRunes())
        {
            if ((byte)rune.Value != 0)
            {
                bytes.Add((byte)rune.Value);
            }
        }

        return [.. bytes];
    }

    public static byte[] Bytes(string value) => Encoding.UTF8.GetBytes(value);
}
