using System.Text;

namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>
/// What people type into forms, made of hand-written templates from a fixed seed. The first set was looked at while the rules were made; the second
/// was written afterwards, and a value it makes that is taken for an attack is counted, not tuned away.
/// </summary>
internal static class BenignCorpus
{
    public const int Seed = 20261121;
    public const int Count = 6000;

    private static readonly (string Kind, string[] Templates)[] Known =
    [
        ("name", BenignTemplates.Names), ("SQL-like prose", BenignTemplates.SqlProse), ("markdown", BenignTemplates.Markdown),
        ("code", BenignTemplates.Code), ("JSON", BenignTemplates.Json), ("mail", BenignTemplates.Mail), ("math", BenignTemplates.Math),
        ("address", BenignTemplates.Addresses), ("comment", BenignTemplates.Comments), ("comment with HTML", BenignTemplates.LightHtml),
        ("search", BenignTemplates.Searches), ("other script", []),
    ];

    public static IEnumerable<(string Kind, string Value)> Tuned(int count = Count) => Make(Known, Seed, count);

    public static IEnumerable<(string Kind, string Value)> HeldOut(int count = Count) => Make(HeldOutTemplates.All, Seed + 1, count);

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

    private static IEnumerable<(string Kind, string Value)> Make((string Kind, string[] Templates)[] sets, int seed, int count)
    {
        var words = new BenignWords(new Random(seed));
        for (var i = 0; i < count; i++)
        {
            var (kind, templates) = sets[i % sets.Length];
            yield return (kind, templates.Length == 0 ? words.OtherScript() : words.Fill(templates));
        }
    }
}
