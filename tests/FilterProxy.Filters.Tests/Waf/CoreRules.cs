using System.Buffers;
using System.Text;
using FilterProxy.Filters.Waf;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.TestKit;
using FilterProxy.Tests;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>The OWASP Core Rule Set as Debian has it, with the engine's settings of the example.</summary>
internal static class CoreRules
{
    private const string Rules = "/usr/share/modsecurity-crs/rules";

    private static readonly Lazy<RuleSet> Loaded = new(Load);
    private static readonly Surroundings Around = new(new PersistentStore(TimeProvider.System));

    public static bool IsInstalled => Directory.Exists(Rules);

    public static RuleSet Set => Loaded.Value;

    /// <summary>Files as the filter is given them.</summary>
    public static IReadOnlyList<string> Files => [Repository.PathOf("conf/examples/waf/engine.conf"), "/etc/modsecurity/crs/crs-setup.conf", Rules + "/*.conf"];

    /// <summary>The fields of a browser's request.</summary>
    public static IReadOnlyList<(string Name, string Value)> Browser { get; } =
    [
        ("Host", "shop.example.com"), ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"),
        ("Accept-Language", "en-US,en;q=0.9,de;q=0.8"), ("Cookie", "session=8f14e45fceea167a5a36dedd4bea2543; theme=dark"),
    ];

    /// <summary>A request of a browser with phases 1 and 2 done.</summary>
    public static Transaction Run(int paranoia, string method, string target, string? contentType = null, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var transaction = new Transaction(Set, Around, EngineMode.On);
        transaction.Tx["paranoia_level"] = paranoia.ToString();
        transaction.Set(Variable.RemoteAddr, "203.0.113.9");
        transaction.SetRequestLine(method, target, "HTTP/1.1");
        foreach (var (name, value) in Browser.Where(header => !headers.Any(own => own.Name.Equals(header.Name, StringComparison.OrdinalIgnoreCase))).Concat(headers))
        {
            transaction.AddRequestHeader(name, value);
        }

        if (contentType is not null)
        {
            transaction.AddRequestHeader("Content-Type", contentType);
            transaction.AddRequestHeader("Content-Length", body!.Length.ToString());
        }

        transaction.Run(1);
        if (body is not null)
        {
            transaction.SetRequestBody(new ReadOnlySequence<byte>(body));
        }

        transaction.Run(2);
        return transaction;
    }

    public static string Describe(Transaction transaction) =>
        string.Join("; ", transaction.Matches.Select(match => $"{match.Rule.Id} {match.Variable}={match.Text[..Math.Min(80, match.Text.Length)]}"));

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static RuleSet Load()
    {
        using var context = new TestComponentContext();
        var files = new RuleFiles(context);
        return RuleCompiler.Compile(RuleReader.Read(Files, files), files);
    }
}
