using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>Rules from texts instead of files.</summary>
internal sealed class TextRules : IRuleFiles
{
    public static Surroundings Around => new(new PersistentStore(TimeProvider.System));

    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    public TextRules With(string path, string text)
    {
        _files[path] = text;
        return this;
    }

    public string Read(string path) => _files.TryGetValue(path.Replace("./", "", StringComparison.Ordinal), out var text) ? text : throw new FileNotFoundException($"{path} is missing");

    public IReadOnlyList<string> Find(string folder, string pattern) =>
        [.. _files.Keys.Where(path => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(path))).Order(StringComparer.Ordinal)];

    public static RuleBook Book(string text) => RuleReader.Read(["rules.conf"], new TextRules().With("rules.conf", text));

    public static RuleSet Compile(string text) => Compile(new TextRules().With("rules.conf", text));

    public static RuleSet Compile(TextRules files) => RuleCompiler.Compile(RuleReader.Read(["rules.conf"], files), files);

    public static Transaction Begin(string text, EngineMode mode = EngineMode.On) => new(Compile(text), Around, mode);

    /// <summary>A GET with these headers, phases 1 and 2 done.</summary>
    public static Transaction Get(string rules, string target, params (string Name, string Value)[] headers)
    {
        var transaction = Begin(rules);
        transaction.SetRequestLine("GET", target, "HTTP/1.1");
        foreach (var (name, value) in headers)
        {
            transaction.AddRequestHeader(name, value);
        }

        transaction.Run(1);
        transaction.Run(2);
        return transaction;
    }

    /// <summary>A POST with a body, phases 1 and 2 done.</summary>
    public static Transaction Post(string rules, string contentType, string body)
    {
        var transaction = Begin(rules);
        transaction.SetRequestLine("POST", "/", "HTTP/1.1");
        transaction.AddRequestHeader("Content-Type", contentType);
        transaction.Run(1);
        transaction.SetRequestBody(new System.Buffers.ReadOnlySequence<byte>(System.Text.Encoding.Latin1.GetBytes(body)));
        transaction.Run(2);
        return transaction;
    }

    public static long[] Matched(Transaction transaction) => [.. transaction.Matches.Select(match => match.Rule.Id).Distinct()];
}
