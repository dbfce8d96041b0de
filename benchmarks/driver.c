/*
 * The load: many people in rooms, some of whom speak, and all that they are told is counted.
 *
 * One epoll loop. A speaker keeps so many messages under way: the next is sent when the reply to
 * one of them has come; or all speakers together keep to a rate. Prints one line of JSON once all
 * have joined, and one for each measured window. With --wait a window begins with each line on
 * stdin, so that two servers can be measured in turns; without it there is one window.
 *
 *     driver --port 8080 --people 500 --rooms 1 --speakers 1 --under-way 1 --seconds 2 --pid PID
 *
 * The server's CPU time is that of process PID, all threads. It ends by itself: on the end of
 * stdin; with status 1 when a connection is lost, when nothing has moved for ten seconds, or when
 * not all have joined in a minute (--join-within).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (1 << 20)           /* bytes received at once; more than any frame */
#define LONGEST (64 << 10)         /* bytes of a message's text */
#define STEP 10000                 /* ns, the resolution of latencies */
#define STEPS 1000000              /* latencies are told apart up to ten seconds */
#define STUCK 10000000000LL        /* ns without anything received after which to give up */
#define SETTLED 100000000LL        /* ns of silence after which all is said and done */
#define SECOND 1000000000LL

enum state { CONNECTING, SHAKING_HANDS, GREETED_NEXT, JOINED };

struct connection {
    int fd;
    int number;
    enum state state;
    bool speaks;
    int under_way;
    uint8_t *rest; /* of a frame that has not come whole */
    size_t rest_size;
};

static struct {
    const char *host, *path;
    int port, people, rooms, speakers, under_way, size, joining, pid;
    double seconds, warm_up, rate, join_within;
    bool wait;
} options = {
    .host = "127.0.0.1", .path = "/chat", .port = 8080, .people = 500, .rooms = 1, .speakers = 1,
    .under_way = 1, .size = 50, .joining = 64, .seconds = 2, .warm_up = 0.2,
    .join_within = 60,
};

static struct connection *people;
static int poller, joined, started, lines_read;
static bool speaking, keeping_latencies;
static uint64_t deliveries, replies, reads, received_bytes, sent;
static int64_t last_received;
static uint8_t buffer[BUFFER];
static uint32_t latencies[STEPS];
static char text[LONGEST + 1];

static void give_up(const char *why)
{
    fprintf(stderr, "driver: %s%s%s\n", why, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

/* Seconds of CPU time, all threads, of the server or (pid 0) of this process. */
static double cpu_seconds(pid_t pid)
{
    clockid_t clock;
    struct timespec time = {0};
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
        give_up("the server's CPU time cannot be read");
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* Of that, the part spent in the kernel, from /proc/PID/stat; in steps of 10 ms. */
static double system_seconds(pid_t pid)
{
    char name[64], line[1024];
    unsigned long user = 0, system = 0;
    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    FILE *file = fopen(name, "r");
    if (!file)
        give_up("the server is gone");
    size_t size = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[size] = 0;
    const char *fields = strrchr(line, ')');
    if (fields)
        sscanf(fields + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)system / sysconf(_SC_CLK_TCK);
}

static long resident_kib(pid_t pid)
{
    char name[64], line[256];
    long kib = 0;
    snprintf(name, sizeof name, "/proc/%d/status", pid);
    FILE *file = fopen(name, "r");
    if (!file)
        give_up("the server is gone");
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    fclose(file);
    return kib;
}

static void write_all(struct connection *person, const void *bytes, size_t size)
{
    if (send(person->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
        give_up("a frame could not be sent whole");
}

/* Frames from clients are masked (RFC 6455, section 5.3); the mask may be zero. */
static void send_frame(struct connection *person, int opcode, const char *payload, size_t size)
{
    static uint8_t frame[LONGEST + 256];
    size_t head = 2;
    frame[0] = 0x80 | opcode;
    if (size < 126) {
        frame[1] = 0x80 | size;
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = size >> 8;
        frame[3] = size & 0xff;
        head = 4;
    }
    memset(frame + head, 0, 4);
    memcpy(frame + head + 4, payload, size);
    write_all(person, frame, head + 4 + size);
}

static void speak(struct connection *person)
{
    static char payload[LONGEST + 128];
    int size = snprintf(payload, sizeof payload,
                        "{\"action\":\"chat_message\",\"message\":\"@%019lld %s\"}",
                        (long long)now(), text);
    send_frame(person, 1, payload, size);
    person->under_way++;
    sent++;
}

static void note_latency(const uint8_t *payload, size_t size)
{
    const uint8_t *stamp = memchr(payload, '@', size);
    if (!stamp || stamp + 20 > payload + size)
        give_up("a message has no time in it");
    int64_t then = 0;
    for (int digit = 1; digit <= 19; digit++)
        then = then * 10 + stamp[digit] - '0';
    int64_t step = (last_received - then) / STEP;
    latencies[step < 0 ? 0 : step >= STEPS ? STEPS - 1 : step]++;
}

static void take_frame(struct connection *person, int opcode, const uint8_t *payload, size_t size)
{
    static const char success[] = "\"success\":true";
    if (opcode == 9) {
        send_frame(person, 10, (const char *)payload, size);
    } else if (opcode == 8) {
        fprintf(stderr, "driver: close frame: %.*s\n", (int)(size > 2 ? size - 2 : 0), payload + 2);
        errno = 0;
        give_up("the server closed a connection");
    } else if (person->state == GREETED_NEXT) {
        person->state = JOINED;
        joined++;
    } else if (person->speaks && person->under_way &&
               memmem(payload, size, success, sizeof success - 1)) {
        replies++;
        person->under_way--;
        if (speaking && !options.rate)
            speak(person);
    } else {
        deliveries++;
        if (keeping_latencies)
            note_latency(payload, size);
    }
}

/* Take the complete frames; return how many bytes they had. */
static size_t take_frames(struct connection *person, const uint8_t *bytes, size_t size)
{
    size_t taken = 0;
    while (size - taken >= 2) {
        const uint8_t *head = bytes + taken;
        uint64_t length = head[1] & 0x7f;
        size_t header = length < 126 ? 2 : length == 126 ? 4 : 10;
        if (size - taken < header)
            break;
        if (length >= 126) {
            length = 0;
            for (size_t index = 2; index < header; index++)
                length = length << 8 | head[index];
        }
        if (size - taken < header + length)
            break;
        if (header + length > BUFFER / 2)
            give_up("a frame is too long");
        take_frame(person, head[0] & 0xf, head + header, length);
        taken += header + length;
    }
    return taken;
}

static size_t take_handshake(struct connection *person, const uint8_t *bytes, size_t size)
{
    const uint8_t *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end)
        return 0;
    if (size < 12 || memcmp(bytes + 9, "101", 3)) {
        fprintf(stderr, "driver: %.*s\n", (int)size, bytes);
        errno = 0;
        give_up("the handshake was refused");
    }
    person->state = GREETED_NEXT;
    return end + 4 - bytes;
}

static void receive(struct connection *person)
{
    if (person->rest_size)
        memcpy(buffer, person->rest, person->rest_size);
    ssize_t got = recv(person->fd, buffer + person->rest_size, BUFFER - person->rest_size, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        give_up("a connection was lost");
    last_received = now();
    reads++;
    received_bytes += got;
    size_t size = person->rest_size + got, taken = 0;
    if (person->state == SHAKING_HANDS)
        taken = take_handshake(person, buffer, size);
    if (person->state > SHAKING_HANDS)
        taken += take_frames(person, buffer + taken, size - taken);
    person->rest_size = size - taken;
    if (person->rest_size) {
        person->rest = realloc(person->rest, person->rest_size);
        memcpy(person->rest, buffer + taken, person->rest_size);
    }
}

static void start_connecting(void)
{
    struct connection *person = &people[started];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
    int on = 1, room_to_send = 1 << 20;
    if (inet_pton(AF_INET, options.host, &address.sin_addr) != 1)
        give_up("--host must be a number");
    person->number = started++;
    person->speaks = person->number < options.speakers;
    person->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (person->fd < 0)
        give_up("there are too few file descriptors");
    setsockopt(person->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (person->speaks)
        setsockopt(person->fd, SOL_SOCKET, SO_SNDBUF, &room_to_send, sizeof room_to_send);
    if (connect(person->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        give_up("no connection");
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = person};
    epoll_ctl(poller, EPOLL_CTL_ADD, person->fd, &event);
}

static void shake_hands(struct connection *person)
{
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(person->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if ((errno = error))
        give_up("no connection");
    char request[1024];
    int size = snprintf(request, sizeof request,
                        "GET %s?room=room%d&nick=nick%d HTTP/1.1\r\nHost: %s:%d\r\n"
                        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n\r\n",
                        options.path, person->number % options.rooms, person->number, options.host,
                        options.port);
    write_all(person, request, size);
    person->state = SHAKING_HANDS;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = person};
    epoll_ctl(poller, EPOLL_CTL_MOD, person->fd, &event);
}

/* Do what there is to do; wait for it until a time. */
static void work(int64_t until)
{
    struct epoll_event events[256];
    int64_t left = until - now();
    struct timespec timeout = {left > 0 ? left / SECOND : 0, left > 0 ? left % SECOND : 0};
    int count = epoll_pwait2(poller, events, 256, &timeout, NULL);
    for (int index = 0; index < count; index++) {
        struct connection *person = events[index].data.ptr;
        if (!person) {
            char byte;
            if (read(0, &byte, 1) < 1)
                exit(0);
            lines_read += byte == '\n';
        } else if (person->state == CONNECTING) {
            shake_hands(person);
        } else {
            receive(person);
        }
    }
    if (last_received && now() - last_received > STUCK && (speaking || joined < started)) {
        errno = 0;
        give_up("nothing has moved for ten seconds");
    }
}

static void settle(void)
{
    last_received = now();
    while (now() - last_received < SETTLED)
        work(last_received + SETTLED);
}

static void join(void)
{
    long before = options.pid ? resident_kib(options.pid) : 0;
    double cpu = options.pid ? cpu_seconds(options.pid) : 0;
    int64_t start = last_received = now();
    while (joined < options.people) {
        while (started < options.people && started - joined < options.joining)
            start_connecting();
        work(now() + SECOND);
        if (now() - start > options.join_within * SECOND) {
            errno = 0;
            give_up("joining takes too long");
        }
    }
    double seconds = (now() - start) / 1e9;
    settle();
    if (options.pid)
        cpu = cpu_seconds(options.pid) - cpu;
    printf("{\"people\":%d,\"rooms\":%d,\"join_seconds\":%.4f,\"join_cpu_seconds\":%.4f,"
           "\"rss_kib_before\":%ld,\"rss_kib_after\":%ld,\"notices\":%llu}\n",
           options.people, options.rooms, seconds, cpu, before,
           options.pid ? resident_kib(options.pid) : 0, (unsigned long long)deliveries);
    fflush(stdout);
}

static double latency_ms(double share)
{
    uint64_t all = 0, seen = 0;
    for (int step = 0; step < STEPS; step++)
        all += latencies[step];
    for (int step = 0; step < STEPS; step++) {
        seen += latencies[step];
        if (seen && seen >= all * share)
            return (step + 1) * (STEP / 1e6);
    }
    return 0;
}

/* Speak until a time: whoever got a reply at once, or all together at the rate. */
static void speak_until(int64_t end)
{
    static int64_t next;
    static int speaker;
    int64_t pause = options.rate ? SECOND / options.rate : 0;
    if (next < now())
        next = now();
    for (int64_t time = now(); time < end; time = now()) {
        for (; options.rate && next <= time; next += pause) {
            speak(&people[speaker]);
            speaker = (speaker + 1) % options.speakers;
        }
        work(options.rate && next < end ? next : end);
    }
}

static void measure(void)
{
    speaking = true;
    last_received = now();
    for (int index = 0; index < options.speakers && !options.rate; index++)
        while (people[index].under_way < options.under_way)
            speak(&people[index]);
    speak_until(now() + (int64_t)(options.warm_up * 1e9));
    memset(latencies, 0, sizeof latencies);
    keeping_latencies = options.rate > 0;
    deliveries = replies = reads = received_bytes = sent = 0;
    double cpu = options.pid ? cpu_seconds(options.pid) : 0;
    double system = options.pid ? system_seconds(options.pid) : 0;
    double own = cpu_seconds(0);
    int64_t start = now();
    speak_until(start + (int64_t)(options.seconds * 1e9));
    double seconds = (now() - start) / 1e9;
    if (options.pid) {
        cpu = cpu_seconds(options.pid) - cpu;
        system = system_seconds(options.pid) - system;
    }
    own = cpu_seconds(0) - own;
    keeping_latencies = speaking = false;
    printf("{\"people\":%d,\"rooms\":%d,\"speakers\":%d,\"under_way\":%d,\"seconds\":%.4f,"
           "\"messages\":%llu,\"replies\":%llu,\"deliveries\":%llu,\"deliveries_per_second\":%.0f,"
           "\"reads\":%llu,\"received_bytes\":%llu,\"cpu_seconds\":%.4f,\"system_seconds\":%.2f,"
           "\"us_per_delivery\":%.4f,\"driver_cpu_seconds\":%.4f",
           options.people, options.rooms, options.speakers, options.under_way, seconds,
           (unsigned long long)sent, (unsigned long long)replies, (unsigned long long)deliveries,
           deliveries / seconds, (unsigned long long)reads, (unsigned long long)received_bytes, cpu, system,
           deliveries ? cpu / deliveries * 1e6 : 0, own);
    if (options.rate)
        printf(",\"ms_50\":%.2f,\"ms_99\":%.2f,\"ms_99_9\":%.2f,\"ms_worst\":%.2f",
               latency_ms(0.5), latency_ms(0.99), latency_ms(0.999), latency_ms(1));
    printf("}\n");
    fflush(stdout);
    settle();
}

static void read_options(int count, char **words)
{
    static const struct option known[] = {
        {"host", 1, 0, 'h'},   {"port", 1, 0, 'p'},      {"path", 1, 0, 'P'},
        {"people", 1, 0, 'n'}, {"rooms", 1, 0, 'r'},     {"speakers", 1, 0, 's'},
        {"size", 1, 0, 'b'},   {"under-way", 1, 0, 'u'}, {"joining", 1, 0, 'j'},
        {"pid", 1, 0, 'i'},    {"seconds", 1, 0, 't'},   {"warm-up", 1, 0, 'w'},
        {"rate", 1, 0, 'R'},   {"wait", 0, 0, 'W'},
        {"join-within", 1, 0, 'J'}, {0},
    };
    for (int option; (option = getopt_long(count, words, "", known, NULL)) != -1;)
        switch (option) {
        case 'h': options.host = optarg; break;
        case 'P': options.path = optarg; break;
        case 'p': options.port = atoi(optarg); break;
        case 'n': options.people = atoi(optarg); break;
        case 'r': options.rooms = atoi(optarg); break;
        case 's': options.speakers = atoi(optarg); break;
        case 'b': options.size = atoi(optarg); break;
        case 'u': options.under_way = atoi(optarg); break;
        case 'j': options.joining = atoi(optarg); break;
        case 'i': options.pid = atoi(optarg); break;
        case 't': options.seconds = atof(optarg); break;
        case 'w': options.warm_up = atof(optarg); break;
        case 'R': options.rate = atof(optarg); break;
        case 'J': options.join_within = atof(optarg); break;
        case 'W': options.wait = true; break;
        default: exit(2);
        }
    if (options.people < 1 || options.rooms < 1 || options.speakers < 0 ||
        options.speakers > options.people || options.size < 21 || options.size > 60000)
        give_up("these numbers do not go together");
}

int main(int count, char **words)
{
    read_options(count, words);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    memset(text, 'x', options.size - 21); /* the time stands before it, 21 characters */
    people = calloc(options.people, sizeof *people);
    poller = epoll_create1(EPOLL_CLOEXEC);
    join();
    if (!options.wait) {
        if (options.seconds > 0)
            measure();
        return 0;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    for (;;) {
        for (; lines_read; lines_read--)
            measure();
        work(now() + SECOND);
    }
}
