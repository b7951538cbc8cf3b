using System.Globalization;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>Reads rule files, includes and all, into a book. Every error names its file and line.</summary>
internal sealed class RuleReader(IRuleFiles files)
{
    private const int MaxIncludes = 16;

    private static readonly List<ActionText> NoDefaults = [];

    private readonly RuleBook _book = new();
    private readonly Dictionary<int, List<ActionText>> _defaults = [];
    private readonly HashSet<long> _ids = [];
    private RuleDefinition? _open;
    private int _depth;

    /// <param name="paths">Rule files, in order.</param>
    /// <param name="files">Where they come from.</param>
    /// <param name="directives">Directives before them.</param>
    /// <exception cref="SecLangException">One cannot be used.</exception>
    public static RuleBook Read(IEnumerable<string> paths, IRuleFiles files, string directives = "")
    {
        var reader = new RuleReader(files);
        reader.ReadText("directives", directives);
        foreach (var path in paths)
        {
            reader.ReadFiles(path, isOptional: false, new Directive("Include", [path], path, 0));
        }

        return reader._book;
    }

    private void ReadFiles(string path, bool isOptional, Directive place)
    {
        var folder = Path.GetDirectoryName(path) ?? "";
        var name = Path.GetFileName(path);
        var found = name.AsSpan().ContainsAny('*', '?') ? files.Find(folder, name) : [path];
        if (found.Count == 0 && !isOptional)
        {
            throw place.Error($"no file fits '{path}'");
        }

        foreach (var file in found)
        {
            string text;
            try
            {
                text = files.Read(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (isOptional && e is FileNotFoundException or DirectoryNotFoundException)
                {
                    continue;
                }

                throw place.Error(e.Message, e);
            }

            ReadText(file, text);
        }
    }

    private void ReadText(string file, string text)
    {
        if (++_depth > MaxIncludes)
        {
            throw new SecLangException(file, 1, "files include each other too deeply");
        }

        foreach (var directive in DirectiveReader.Read(file, text))
        {
            try
            {
                Apply(directive);
            }
            catch (Exception e) when (e is FormatException || (e is ArgumentException && e is not SecLangException))
            {
                throw directive.Error(e.Message, e);
            }
        }

        if (_open is not null)
        {
            throw _open.Place.Error("a chain has no end");
        }

        _depth--;
    }

    private void Apply(Directive directive)
    {
        var name = directive.Name.ToLowerInvariant();
        if (_open is not null && name != "secrule" && name != "secaction")
        {
            throw directive.Error($"{directive.Name} stands within a chain");
        }

        switch (name)
        {
            case "include" or "includeoptional":
                ReadFiles(Resolve(directive, directive.Single()), name == "includeoptional", directive);
                break;
            case "secrule":
                AddRule(directive);
                break;
            case "secaction":
                Add(directive, null, "@unconditionalMatch", ActionText.ParseList(directive.Single()));
                break;
            case "secmarker":
                _book.Items.Add((null, directive.Single()));
                break;
            case "secdefaultaction":
                SetDefaults(directive);
                break;
            default:
                if (!RuleChanges.TryApply(directive, _book)
                    && !SettingDirectives.TryApply(directive, _book.Settings, path => files.Read(Resolve(directive, path))))
                {
                    throw directive.Error($"unknown directive '{directive.Name}'");
                }

                break;
        }
    }

    private static string Resolve(Directive directive, string path) => Path.Combine(Path.GetDirectoryName(directive.File) ?? "", path);

    private void AddRule(Directive directive)
    {
        if (directive.Arguments.Count is < 2 or > 3)
        {
            throw directive.Error("SecRule takes variables, an operator and actions");
        }

        var actions = directive.Arguments.Count == 3 ? ActionText.ParseList(directive.Arguments[2]) : [];
        Add(directive, Target.ParseList(directive.Arguments[0]), directive.Arguments[1], actions);
    }

    private void Add(Directive directive, List<Target>? targets, string operatorText, List<ActionText> actions)
    {
        var starter = _open;
        var phase = starter?.Phase ?? PhaseOf(directive, actions);
        var rule = new RuleDefinition
        {
            Place = directive,
            Targets = targets,
            Operator = operatorText,
            Actions = actions,
            Defaults = _defaults.GetValueOrDefault(phase, NoDefaults),
            Phase = phase,
            Id = starter?.Id ?? IdOf(directive, actions),
        };
        if (starter is null)
        {
            _book.Items.Add((rule, null));
        }
        else
        {
            starter.Chain.Add(rule);
        }

        _open = actions.Any(action => action.Name == "chain") ? starter ?? rule : null;
    }

    private long IdOf(Directive directive, List<ActionText> actions)
    {
        var text = actions.FirstOrDefault(action => action.Name == "id").Value;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            throw directive.Error(text is null ? "a rule has no id" : $"'{text}' is no id");
        }

        return _ids.Add(id) ? id : throw directive.Error($"there is a rule {id} already");
    }

    private static int PhaseOf(Directive directive, List<ActionText> actions) =>
        actions.LastOrDefault(action => action.Name == "phase").Value?.ToLowerInvariant() switch
        {
            null or "2" or "request" => 2,
            "1" => 1,
            "3" => 3,
            "4" or "response" => 4,
            "5" or "logging" => 5,
            var other => throw directive.Error($"'{other}' is no phase"),
        };

    private void SetDefaults(Directive directive)
    {
        var actions = ActionText.ParseList(directive.Single());
        if (actions.FirstOrDefault(action => action.Name is "id" or "chain" or "skip" or "skipafter" or "msg").Name is { } wrong)
        {
            throw directive.Error($"'{wrong}' is no default action");
        }

        _defaults[PhaseOf(directive, actions)] = actions;
    }
}
