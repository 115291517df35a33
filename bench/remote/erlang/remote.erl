%% The workloads of workloads.ts between two nodes of Erlang, over its own distribution.
%%
%% `erl ... -run remote serve` serves; `erl ... -run remote main SIZE NODE WORKLOAD ...` prints a line of JSON for each.
-module(remote).
-export([serve/0, main/1, board/3]).

-define(IN_FLIGHT, 128).
-define(BURST, 256).
-define(WINDOW, 4096).
-define(CONFIRM_EVERY, 512).
%% Milliseconds of the passes that warm up, and of those that count: as in sample.ts.
-define(WARM_UP, 1500).
-define(MEASURED, 1000).

serve() ->
    register(board, spawn(?MODULE, board, [none, 0, 0])),
    io:format("ready~n").

board(Pen, Count, Sum) ->
    receive
        {note, #{value := Value}} ->
            case (Count + 1) rem ?CONFIRM_EVERY of
                0 -> Pen ! {had, Count + 1, Sum + Value};
                _ -> ok
            end,
            ?MODULE:board(Pen, Count + 1, Sum + Value);
        {next, From, Ref, Value} -> From ! {Ref, Value + 1}, board(Pen, Count, Sum);
        {confirm_to, Ref} -> board(Ref, Count, Sum)
    end.

main([Size, Server | Workloads]) ->
    Node = list_to_atom(Server),
    pong = net_adm:ping(Node),
    Board = rpc:call(Node, erlang, whereis, [board]),
    Board ! {confirm_to, self()},
    lists:foldl(fun(Name, Told) -> sample(Size, Node, Board, Name, Told) end, 0, Workloads),
    rpc:cast(Node, erlang, halt, []),
    timer:sleep(50),
    halt(0).

sample(_, _, _, "idle", Told) ->
    io:format("{\"name\":\"idle\",\"idle\":null}~n"),
    Told;
sample(Size, Node, Board, Name, Told) ->
    {WarmUp, Measured, Part} = case Size of "quick" -> {0, 0, 16}; _ -> {?WARM_UP, ?MEASURED, 1} end,
    {_, Told1} = run(Node, Board, Name, Part, Told, WarmUp),
    {Line, Told2} = run(Node, Board, Name, Part, Told1, Measured),
    io:format("{\"name\":~p,\"measured\":{~s}}~n", [Name, Line]),
    Told2.

run(Node, Board, Name, Part, Told, Least) ->
    Cpu = cpu(Node),
    Bytes = bytes(Node),
    Start = erlang:monotonic_time(microsecond),
    {Operations, Latencies, Now} = passes(Board, Name, Part, Told, Start, Least * 1000, 0, []),
    Seconds = (erlang:monotonic_time(microsecond) - Start) / 1.0e6,
    Sorted = list_to_tuple(lists:sort(Latencies)),
    Line = io_lib:format("\"operations\":~p,\"seconds\":~p,\"cpuSeconds\":~p,\"bytes\":~p,\"p50Ms\":~s,\"p99Ms\":~s",
                         [Operations, Seconds, max(cpu(Node) - Cpu, 1) / 1000, bytes(Node) - Bytes,
                          quantile(Sorted, 0.5), quantile(Sorted, 0.99)]),
    {Line, Now}.

passes(Board, Name, Part, Told, Start, Least, Operations, Latencies) ->
    {Done, More, Now} = pass(Board, Name, Part, Told),
    All = case More of [] -> Latencies; _ -> More ++ Latencies end,
    case erlang:monotonic_time(microsecond) - Start of
        Took when Took < Least -> passes(Board, Name, Part, Now, Start, Least, Operations + Done, All);
        _ -> {Operations + Done, All, Now}
    end.

pass(Board, "ask", Part, Told) -> asks(Board, 500 div Part, 1, Told);
pass(Board, "asks", Part, Told) -> asks(Board, 20000 div Part, ?IN_FLIGHT, Told);
pass(Board, "tell64", Part, Told) -> tells(Board, 65536 div Part, 16, Told);
pass(Board, "tell1k", Part, Told) -> tells(Board, 16384 div Part, 976, Told).

asks(Board, Count, InFlight, Told) ->
    Main = self(),
    Each = max(1, Count div InFlight),
    Askers = [spawn_link(fun() -> Main ! {self(), asker(Board, Each, [])} end) || _ <- lists:seq(1, InFlight)],
    {Each * InFlight, lists:append([receive {Asker, Latencies} -> Latencies end || Asker <- Askers]), Told}.

asker(_, 0, Latencies) -> Latencies;
asker(Board, Left, Latencies) ->
    Start = erlang:monotonic_time(microsecond),
    Ref = make_ref(),
    Board ! {next, self(), Ref, Left},
    receive {Ref, Answer} when Answer =:= Left + 1 -> ok end,
    asker(Board, Left - 1, [erlang:monotonic_time(microsecond) - Start | Latencies]).

tells(Board, Count, Length, Told) ->
    Notes = [note(I, Length) || I <- lists:seq(0, ?BURST - 1)],
    Rounded = ((Count + ?WINDOW - 1) div ?WINDOW) * ?WINDOW,
    tell(Board, Notes, Told, Told, Told + Rounded),
    {Rounded, [], Told + Rounded}.

tell(_, _, _, Had, End) when Had >= End -> ok;
tell(Board, Notes, Told, Had, End) when Told < End, Told - Had =< ?WINDOW - ?BURST ->
    [Board ! {note, Note} || Note <- Notes],
    tell(Board, Notes, Told + ?BURST, newest(Had), End);
tell(Board, Notes, Told, _, End) ->
    receive {had, Count, _} -> tell(Board, Notes, Told, Count, End) end.

newest(Had) -> receive {had, Count, _} -> newest(Count) after 0 -> Had end.

note(I, Length) ->
    Text = binary:copy(<<"lorem ipsum dolor sit amet ">>, 40),
    #{key => iolist_to_binary(io_lib:format("user:~4..0b", [I])), value => I, tags => [<<"red">>, <<"green">>],
      text => binary:copy(binary:part(Text, I rem 16, Length))}.

%% Milliseconds of both.
cpu(Node) ->
    {Own, _} = statistics(runtime),
    {Theirs, _} = rpc:call(Node, erlang, statistics, [runtime]),
    Own + Theirs.

bytes(Node) ->
    {Node, Port} = lists:keyfind(Node, 1, erlang:system_info(dist_ctrl)),
    {ok, Counts} = inet:getstat(Port, [send_oct, recv_oct]),
    lists:sum([Count || {_, Count} <- Counts]).

quantile({}, _) -> "null";
quantile(Sorted, Part) ->
    io_lib:format("~p", [element(min(size(Sorted), 1 + trunc(size(Sorted) * Part)), Sorted) / 1000]).
