using System.Globalization;
using YamlDotNet.Core;

namespace FilterProxy.Core.Config.Tree;

/// <summary>What is wrong with text that is not YAML, in words that help.</summary>
internal static class YamlSyntax
{
    /// <summary>The first character that no YAML file may hold. The parser would take a NUL for the end of the file.</summary>
    public static (int Line, int Column, string What)? FindForbidden(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var pair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (!pair && !IsAllowed(c))
            {
                var (line, column) = Place(text, i);
                return (line, column, string.Create(CultureInfo.InvariantCulture, $"character U+{(int)c:X4} is not allowed"));
            }

            if (pair)
            {
                i++;
            }
        }

        return null;
    }

    /// <summary>The place and meaning of what the parser found.</summary>
    public static (int Line, int Column, string Message, string? Hint) Explain(YamlException error, string text)
    {
        var (line, column) = ((int)error.Start.Line, (int)error.Start.Column);
        if (error.Message.Contains(" tab", StringComparison.Ordinal) && FindTab(text) is var (tabLine, tabColumn))
        {
            return (tabLine, tabColumn, "a tab cannot indent", "use spaces");
        }

        if (IsAfterEnd(text, line, column))
        {
            var (endLine, endColumn) = Place(text, text.AsSpan().TrimEnd().Length);
            return (endLine, endColumn, "the file ends in the middle of something", "is it written completely? a bracket, brace or quote is left open");
        }

        // A second ':' on a line, a special first character: the parser marks the end of what it read.
        var here = CharAt(text, (int)error.Start.Line, (int)error.Start.Column);
        var hint = error.Message switch
        {
            var m when m.Contains("cannot start any token", StringComparison.Ordinal) =>
                here == '\t' ? "use spaces, not tabs" : $"quote texts that begin with '{here}'",
            var m when m.Contains("invalid mapping", StringComparison.Ordinal) => "check the indentation, or quote a text that contains ': '",
            var m when m.Contains("did not find expected ','", StringComparison.Ordinal) =>
                "inside [ ] and { } quote texts that contain brackets or braces",
            var m when m.Contains("did not find expected", StringComparison.Ordinal) => "check the indentation and brackets",
            var m when m.Contains("unexpected end of stream", StringComparison.Ordinal) => "a quote is left open",
            _ => null,
        };
        return (Math.Max(line, 1), Math.Max(column, 1), Lower(error.Message), hint);
    }

    private static bool IsAfterEnd(string text, int line, int column)
    {
        var (endLine, endColumn) = Place(text, text.AsSpan().TrimEnd().Length);
        return line > endLine || (line == endLine && column >= endColumn);
    }

    private static bool IsAllowed(char c) =>
        c is '\t' or '\n' or '\r' or (>= ' ' and < '\x7f') or (> '\x9f' and < '\ufffe') && !char.IsSurrogate(c);

    private static (int Line, int Column)? FindTab(string text)
    {
        var line = 1;
        foreach (var content in text.AsSpan().EnumerateLines())
        {
            var tab = content.IndexOf('\t');
            if (tab >= 0 && content[..tab].Trim(' ').IsEmpty)
            {
                return (line, tab + 1);
            }

            line++;
        }

        return null;
    }

    private static char CharAt(string text, int line, int column)
    {
        var current = 1;
        foreach (var content in text.AsSpan().EnumerateLines())
        {
            if (current++ == line)
            {
                return column >= 1 && column <= content.Length ? content[column - 1] : ' ';
            }
        }

        return ' ';
    }

    private static (int Line, int Column) Place(string text, int index)
    {
        var before = text.AsSpan(0, index);
        return (before.Count('\n') + 1, index - before.LastIndexOf('\n'));
    }

    private static string Lower(string message)
    {
        var text = message.Length == 0 ? "this is not valid YAML" : char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');
        return text.ReplaceLineEndings(" ");
    }
}
