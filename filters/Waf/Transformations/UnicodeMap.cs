using System.Globalization;

namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>What characters beyond ASCII become where a program takes the nearest ASCII for them, e.g. <c>%u2019</c> for an apostrophe.</summary>
internal sealed class UnicodeMap
{
    // A character and its nearest ASCII, as code page 20127 has them.
    private const string Nearest =
        "\u00a0 ¡!¢c¤$¥Y¦|©Cªa«<\u00ad-®R²2³3·.¸,¹1ºo»>ÀAÁAÂAÃAÄAÅAÆAÇCÈEÉEÊEËEÌIÍIÎIÏIÐDÑNÒOÓOÔOÕOÖOØOÙUÚUÛUÜUÝYàaáaâaãaäaåaæaçc" +
        "èeéeêeëeìiíiîiïiñnòoóoôoõoöoøoùuúuûuüuýyÿyĀAāaĂAăaĄAąaĆCćcĈCĉcĊCċcČCčcĎDďdĐDđdĒEēeĔEĕeĖEėeĘEęeĚEěeĜGĝgĞGğgĠGġgĢGģgĤHĥhĦH" +
        "ħhĨIĩiĪIīiĬIĭiĮIįiİIıiĴJĵjĶKķkĹLĺlĻLļlĽLľlŁLłlŃNńnŅNņnŇNňnŌOōoŎOŏoŐOőoŒOœoŔRŕrŖRŗrŘRřrŚSśsŜSŝsŞSşsŠSšsŢTţtŤTťtŦTŧtŨUũuŪU" +
        "ūuŬUŭuŮUůuŰUűuŲUųuŴWŵwŶYŷyŸYŹZŻZżzŽZžzƀbƉDƑFƒfƗIƚlƟOƠOơoƫtƮTƯUưuƶzǍAǎaǏIǐiǑOǒoǓUǔuǕUǖuǗUǘuǙUǚuǛUǜuǞAǟaǤGǥgǦGǧgǨKǩkǪOǫoǬO" +
        "ǭoǰjɡg\u02b9'\u02ba\"\u02bc'˄^\u02c6^\u02c8'\u02cb`\u02cd_˜~\u0300`\u0302^\u0303~\u030e\"\u0331_\u0332_\u2000 \u2001 " +
        "\u2002 \u2003 \u2004 \u2005 \u2006 ‐-‑-–-—-‘'’'‚,“\"”\"„\"•.….′'‵`‹<›>™T";

    private readonly Dictionary<int, byte> _map;

    private UnicodeMap(Dictionary<int, byte> map) => _map = map;

    /// <summary>The one of code page 20127 (US-ASCII).</summary>
    public static UnicodeMap Ascii { get; } = new(BuiltIn());

    /// <summary>The byte of a character: its nearest, or its low byte.</summary>
    public char Map(int code) => (char)(_map.TryGetValue(code, out var mapped) ? mapped : code & 0xFF);

    /// <param name="text">A mapping file: the number of a code page on a line, then its pairs as <c>00a1:21</c>.</param>
    /// <param name="codePage">The code page.</param>
    /// <exception cref="FormatException">It has no such code page, or a pair is none.</exception>
    public static UnicodeMap Parse(string text, int codePage)
    {
        var number = codePage.ToString(CultureInfo.InvariantCulture);
        var lines = text.Split('\n');
        var at = Array.FindIndex(lines, line => line.Trim() == number || line.StartsWith(number + " ", StringComparison.Ordinal));
        if (at < 0)
        {
            throw new FormatException($"the file has no code page {codePage}");
        }

        var map = new Dictionary<int, byte>();
        for (at++; at < lines.Length && lines[at].Contains(':', StringComparison.Ordinal); at++)
        {
            foreach (var pair in lines[at].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (pair.Split(':') is not [var from, var to]
                    || !int.TryParse(from, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                    || !byte.TryParse(to, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var mapped))
                {
                    throw new FormatException($"'{pair}' is no pair like 00a1:21");
                }

                map[code] = mapped;
            }
        }

        return new UnicodeMap(map);
    }

    private static Dictionary<int, byte> BuiltIn()
    {
        var map = new Dictionary<int, byte>();
        for (var i = 0; i < Nearest.Length; i += 2)
        {
            map[Nearest[i]] = (byte)Nearest[i + 1];
        }

        // Full-width forms.
        for (var code = 0xFF01; code <= 0xFF5E; code++)
        {
            map[code] = (byte)(code - 0xFEE0);
        }

        return map;
    }
}
